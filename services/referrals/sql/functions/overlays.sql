-- Which overlay of its register a record's answers were saved under.

-- A record, and the version of it that holds these answers, say which overlay was in force when they were saved. What
-- changes no answer (a review, an archive) leaves it as it is.
CREATE OR REPLACE FUNCTION overlay_in_force(p_register text) RETURNS integer
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = p_register
$$;

CREATE OR REPLACE FUNCTION name_overlay() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.overlay := overlay_in_force(NEW.register_code);
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION name_overlay_of_record() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.overlay := coalesce((SELECT r.overlay FROM record AS r WHERE r.id = NEW.record_id), NEW.overlay);
    RETURN NEW;
END
$$;

GRANT EXECUTE ON FUNCTION overlay_in_force(text) TO referrals_app;
