-- Drafts are deleted when their command is carried out, or when they expire.

-- Delete the drafts that were last saved before a moment, and return how many there were. SECURITY DEFINER: the drafts
-- are those of all users.
CREATE OR REPLACE FUNCTION sweep_drafts(p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    swept bigint;
BEGIN
    WITH gone AS (
        DELETE FROM draft AS d WHERE d.saved_at < p_before RETURNING d.register_code, d.id, d.discarded
    ), noted AS (
        INSERT INTO audit (action, register, subjects)
        SELECT 'draft.expired', g.register_code, array_agg(g.id) FROM gone AS g WHERE NOT g.discarded GROUP BY g.register_code
    )
    SELECT count(*) FILTER (WHERE NOT g.discarded) INTO swept FROM gone AS g;
    RETURN swept;
END
$$;

GRANT EXECUTE ON FUNCTION sweep_drafts(timestamptz) TO referrals_background;
