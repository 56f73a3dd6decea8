-- The mail queue: mails are added once, each with the record that it is about and with its row in the audit.

-- Let no other transaction add or move mails about a record until this one ends.
CREATE OR REPLACE FUNCTION hold_record(p_record uuid) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.record.' || replace(p_record::text, '-', ''), 0))
$$;
GRANT EXECUTE ON FUNCTION hold_record(uuid) TO notifier_app;

-- Queue mails, and audit each. A mail whose id was queued before is left as it is.
CREATE OR REPLACE FUNCTION add_mails(p_mails jsonb) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH wanted AS (
        SELECT m.*
        FROM jsonb_array_elements(p_mails) AS each (item)
        CROSS JOIN LATERAL jsonb_to_record(each.item) AS m (
            mail_id uuid, register_code text, template text, lane text, recipient text, subject text, body text,
            expires_at timestamptz, instead_of uuid, notice_id uuid, compartment_id uuid, record_id uuid, reference text,
            occasion text, mail_code text, submitted_by uuid
        )
        WHERE check_keys(each.item, ARRAY[
            'mail_id', 'register_code', 'template', 'lane', 'recipient', 'subject', 'body', 'expires_at', 'instead_of',
            'notice_id', 'compartment_id', 'record_id', 'reference', 'occasion', 'mail_code', 'submitted_by'
        ])
    ), added AS (
        INSERT INTO mail (id, register_code, template, lane, recipient, subject, body, expires_at, instead_of)
        SELECT
            w.mail_id, w.register_code, w.template, w.lane, w.recipient, w.subject, w.body, w.expires_at, w.instead_of
        FROM wanted AS w
        ON CONFLICT DO NOTHING
        RETURNING id
    ), about AS (
        INSERT INTO record_mail (
            mail_id, notice_id, register_code, compartment_id, record_id, reference, occasion, mail_code, submitted_by
        )
        SELECT
            w.mail_id, w.notice_id, w.register_code, w.compartment_id, w.record_id, w.reference, w.occasion, w.mail_code,
            w.submitted_by
        FROM wanted AS w
        WHERE w.mail_id IN (SELECT a.id FROM added AS a) AND w.notice_id IS NOT NULL
    )
    INSERT INTO audit (action, register, subjects)
    SELECT 'mail.queued', w.register_code, ARRAY[w.mail_id]
    FROM wanted AS w
    WHERE w.mail_id IN (SELECT a.id FROM added AS a)
$$;
GRANT EXECUTE ON FUNCTION add_mails(jsonb) TO notifier_background;

-- Queue the mails about a notice, once. Return null. If the record has moved to other bodies since the version that the
-- notice is about, store nothing and return these bodies: their recipients are others.
CREATE OR REPLACE FUNCTION take_notice(
    p_consumer text, p_event uuid, p_record uuid, p_version integer, p_bodies text [], p_mails jsonb
) RETURNS text []
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    moved_to text [];
BEGIN
    PERFORM hold_record(p_record);
    SELECT m.bodies INTO moved_to FROM record_moved AS m WHERE m.record_id = p_record AND m.version > p_version;
    IF moved_to <> p_bodies THEN
        RETURN moved_to;
    END IF;
    INSERT INTO inbox (consumer, event_id) VALUES (p_consumer, p_event) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM add_mails(p_mails);
    END IF;
    RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION take_notice(text, uuid, uuid, integer, text [], jsonb) TO notifier_background;
