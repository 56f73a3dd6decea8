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

-- Add a record from a form that may have a draft: as `submit_record`, but with the verdict `draft_changed` if another
-- page has saved the draft since this one saw it. Then nothing is done, and `draft_version` and `draft_saved_at` are
-- those of the draft. `p_draft` is null for a form that does not say which version it has seen.
CREATE OR REPLACE FUNCTION submit_draft(
    p_scope jsonb, p_command jsonb, p_record jsonb, p_content jsonb, p_events jsonb, p_draft jsonb,
    OUT verdict text, OUT draft_version integer, OUT draft_saved_at timestamptz, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    shown record;
BEGIN
    IF p_draft IS NOT NULL THEN
        SELECT s.draft_id, s.version, s.save_id INTO shown
        FROM jsonb_to_record(p_draft) AS s (draft_id uuid, version integer, save_id uuid)
        WHERE check_keys(p_draft, ARRAY['draft_id', 'version', 'save_id']);
        PERFORM open_scope(p_scope);
        PERFORM hold_draft(shown.draft_id);
        SELECT 'draft_changed', d.version, d.saved_at INTO verdict, draft_version, draft_saved_at
        FROM draft AS d
        WHERE d.user_id = nullif(current_setting('app.user', true), '')::uuid
            AND d.register_code = current_setting('app.register', true)
            AND d.id = shown.draft_id AND NOT d.discarded
            AND d.version <> shown.version AND d.save_id IS DISTINCT FROM shown.save_id;
        IF verdict IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT r.verdict, r.matches, r.seen INTO verdict, matches, seen
    FROM submit_record(p_scope, p_command, p_record, p_content, p_events) AS r;
END
$$;

GRANT EXECUTE ON FUNCTION
sweep_drafts(timestamptz), submit_draft(jsonb, jsonb, jsonb, jsonb, jsonb, jsonb)
TO referrals_app;
