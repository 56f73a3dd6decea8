-- Set the overlay of its register under which a record's answers are saved. A change without answers, such as a review
-- or an archive, leaves it unchanged.
CREATE OR REPLACE FUNCTION name_overlay() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    new.overlay := (
        SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = new.register_code
    );
    RETURN new;
END
$$;
