-- Urgent mails that were not delivered, and who has been told.

-- Return the urgent mails of a register that failed, or have waited since before a moment, if nobody else was told of
-- them: ids and references alone, of any organisation.
CREATE OR REPLACE FUNCTION find_not_through(p_register text, p_before timestamptz, p_most integer) RETURNS TABLE (
    mail_id uuid, notice_id uuid, organisation_id uuid, record_id uuid, reference text, occasion text, mail_code text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.mail_id, r.notice_id, r.organisation_id, r.record_id, r.reference, r.occasion, r.mail_code
    FROM mail AS m
    JOIN record_mail AS r ON r.mail_id = m.id
    WHERE m.register_code = p_register AND m.template = 'urgent_record' AND m.others_told_at IS NULL
        AND m.state <> 'accepted' AND (m.state IN ('failed', 'given_up') OR m.created_at <= p_before)
    ORDER BY m.created_at
    LIMIT p_most
$$;
GRANT EXECUTE ON FUNCTION find_not_through(text, timestamptz, integer) TO notifier_app;

-- Return everybody who was mailed because of a notice.
CREATE OR REPLACE FUNCTION find_mailed(p_notice uuid) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT m.recipient FROM record_mail AS r JOIN mail AS m ON m.id = r.mail_id WHERE r.notice_id = p_notice
$$;
GRANT EXECUTE ON FUNCTION find_mailed(uuid) TO notifier_app;
