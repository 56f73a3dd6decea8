-- Mails about a record that has moved to other bodies.

-- Move all mails about a record to the compartment in which the record now lies.
CREATE OR REPLACE FUNCTION move_mails(p_record uuid, p_compartment uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE record_mail SET compartment_id = p_compartment WHERE record_id = p_record AND compartment_id <> p_compartment
$$;
GRANT EXECUTE ON FUNCTION move_mails(uuid, uuid) TO notifier_background;
