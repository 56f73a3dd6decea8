-- Reviews of records, and the days on which they are due.

-- Save a review for a command, as `save_version` does, with the day agreed for the next one, or null. A day that was agreed
-- at an earlier review no longer counts.
CREATE OR REPLACE FUNCTION save_review(
    p_scope jsonb, p_command jsonb, p_version jsonb, p_content jsonb, p_events jsonb, p_next_review date,
    OUT verdict text, OUT version_there integer, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT s.verdict, s.version_there, s.matches, s.seen INTO verdict, version_there, matches, seen
    FROM save_version(p_scope, p_command, p_version, p_content, p_events) AS s;
    IF verdict = 'done' THEN
        UPDATE record AS r
        SET next_review = p_next_review, review_agreed_at = CASE WHEN p_next_review IS NOT NULL THEN r.rated_at END
        WHERE r.id = (p_version ->> 'record_id')::uuid AND coalesce(p_next_review, r.next_review) IS NOT NULL;
    END IF;
END
$$;

GRANT EXECUTE ON FUNCTION save_review(jsonb, jsonb, jsonb, jsonb, jsonb, date) TO referrals_app;
