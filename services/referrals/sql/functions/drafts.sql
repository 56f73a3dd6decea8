-- Drafts are deleted when their command is carried out, or when they expire.

-- Make saving a draft and carrying out its command run one after the other (see `draft_sent`).
CREATE OR REPLACE FUNCTION hold_draft(p_id uuid) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('draft ' || p_id::text, 0))
$$;

-- Delete the draft of a command that is carried out, in the same transaction. A form that is refused deletes its
-- command's row again, and keeps its draft. SECURITY DEFINER: the command's transaction may have no scope.
CREATE OR REPLACE FUNCTION draft_sent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM command AS c WHERE c.id = new.id) THEN
        PERFORM hold_draft(new.id);
        DELETE FROM draft WHERE user_id = new.actor AND id = new.id;
    END IF;
    RETURN NULL;
END
$$;

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

GRANT EXECUTE ON FUNCTION hold_draft(uuid), sweep_drafts(timestamptz) TO referrals_app;
