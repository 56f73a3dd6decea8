-- Parameters that are passed by name, in jsonb.

-- Refuse a parameter with an unknown or a missing key; else return true. `p_keys` are the names in
-- jsonb_to_record(p_given) AS t (name type, ...), by which the parameter is read. A test compares them.
CREATE OR REPLACE FUNCTION check_keys(p_given jsonb, p_keys text []) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT p_given ?& p_keys OR p_given - p_keys <> '{}' THEN
        RAISE EXCEPTION 'a key is unknown or missing' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION check_keys(jsonb, text []) TO "<service>_app";
