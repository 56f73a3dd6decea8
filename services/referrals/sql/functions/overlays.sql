-- Which overlay of its register a record's answers were saved under. What changes no answer (a review, an archive) leaves
-- it as it is.
CREATE OR REPLACE FUNCTION name_overlay() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    new.overlay := (
        SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = new.register_code
    );
    RETURN new;
END
$$;
