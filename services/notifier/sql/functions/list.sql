-- The list of mails, for administrators who reach some compartments of a register.

-- Return the ids of the newest mails before a position, about records in these compartments. The walk of the register's
-- index finds them at once where they are frequent. Where they are rare, each compartment is read by its own index.
CREATE OR REPLACE FUNCTION newest_mail_ids(
    p_register text, p_compartments uuid [], p_before timestamptz, p_mail uuid, p_most integer
) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 26 SET search_path FROM CURRENT AS $$
DECLARE
    walk CONSTANT integer := 1000;
    found uuid [];
BEGIN
    found := ARRAY(
        SELECT w.mail_id
        FROM (
            SELECT r.mail_id, r.compartment_id, r.queued_at
            FROM record_mail AS r
            WHERE r.register_code = p_register AND (r.queued_at, r.mail_id) < (p_before, p_mail)
            ORDER BY r.queued_at DESC, r.mail_id DESC
            LIMIT walk
        ) AS w
        WHERE w.compartment_id = ANY (p_compartments)
        ORDER BY w.queued_at DESC, w.mail_id DESC
        LIMIT p_most
    );
    IF cardinality(found) = p_most THEN
        RETURN QUERY SELECT unnest(found);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT n.mail_id
    FROM unnest(p_compartments) AS held (compartment_id)
    CROSS JOIN LATERAL (
        SELECT r.mail_id, r.queued_at
        FROM record_mail AS r
        WHERE r.register_code = p_register AND r.compartment_id = held.compartment_id
            AND (r.queued_at, r.mail_id) < (p_before, p_mail)
        ORDER BY r.queued_at DESC, r.mail_id DESC
        LIMIT p_most
    ) AS n
    ORDER BY n.queued_at DESC, n.mail_id DESC
    LIMIT p_most;
END
$$;
GRANT EXECUTE ON FUNCTION newest_mail_ids(text, uuid [], timestamptz, uuid, integer) TO notifier_app;
