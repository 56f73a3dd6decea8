-- The editions of registers that are used.

-- Return how many records are in an edition. SECURITY DEFINER: it counts all compartments, and there is no user.
CREATE OR REPLACE FUNCTION count_in_edition(p_register text, p_edition text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT count(*) FROM record AS r WHERE r.register_code = p_register AND r.edition = p_edition
$$;

GRANT EXECUTE ON FUNCTION count_in_edition(text, text) TO referrals_background;
