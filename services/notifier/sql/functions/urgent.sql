-- Undelivered urgent mails, and the people who have been told.

-- Return a register's urgent mails that failed, or that were queued before a moment and are not accepted. Skip those
-- that other people were told of. The rows hold ids and references only, of any compartment. A compartment without a
-- row is that of an organisation, which is its only body.
CREATE OR REPLACE FUNCTION find_not_through(p_register text, p_before timestamptz, p_most integer) RETURNS TABLE (
    mail_id uuid, notice_id uuid, compartment_id uuid, bodies text [], record_id uuid, reference text, occasion text,
    mail_code text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        r.mail_id, r.notice_id, r.compartment_id,
        coalesce(c.bodies, ARRAY['organisation:' || replace(r.compartment_id::text, '-', '')]),
        r.record_id, r.reference, r.occasion, r.mail_code
    FROM mail AS m
    JOIN record_mail AS r ON r.mail_id = m.id
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    WHERE m.register_code = p_register AND m.template = 'urgent_record' AND m.others_told_at IS NULL
        AND m.state <> 'accepted' AND (m.state IN ('failed', 'given_up') OR m.created_at <= p_before)
    ORDER BY m.created_at
    LIMIT p_most
$$;
GRANT EXECUTE ON FUNCTION find_not_through(text, timestamptz, integer) TO notifier_background;

-- Return the addresses of all mails about a notice.
CREATE OR REPLACE FUNCTION find_mailed(p_notice uuid) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT m.recipient FROM record_mail AS r JOIN mail AS m ON m.id = r.mail_id WHERE r.notice_id = p_notice
$$;
GRANT EXECUTE ON FUNCTION find_mailed(uuid) TO notifier_background;
