-- Parameters that are passed by name, in jsonb.

-- Refuse a parameter with an unknown or a missing key; else return true. `p_read` is the record that was read from it, by
-- jsonb_to_record(p_given) AS t(name type, ...), as to_jsonb(t). Where `p_given` is an array, each item is checked.
CREATE OR REPLACE FUNCTION check_keys(p_given jsonb, p_read jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
DECLARE
    read_keys text [] := ARRAY(SELECT jsonb_object_keys(p_read));
    items jsonb := CASE jsonb_typeof(p_given) WHEN 'array' THEN p_given ELSE jsonb_build_array(p_given) END;
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(items) AS i (item)
        WHERE NOT i.item ?& read_keys OR i.item - read_keys <> '{}'
    ) THEN
        RAISE EXCEPTION 'a key is unknown or missing' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION check_keys(jsonb, jsonb) TO "<service>_app";
