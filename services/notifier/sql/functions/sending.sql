-- The result of sending a mail.

-- Store that the mail server has accepted a mail, delete its text, and audit it. Nothing changes if this is stored
-- already. It is stored whichever sender has the mail now, because it is true.
CREATE OR REPLACE FUNCTION mark_accepted(p_mail uuid, p_answer text) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    the_register text;
BEGIN
    UPDATE mail
    SET state = 'accepted', subject = NULL, body = NULL, last_answer = p_answer, attempts = attempts + 1,
        claimed_by = NULL, claimed_at = NULL, ended_at = clock_timestamp()
    WHERE id = p_mail AND state <> 'accepted'
    RETURNING register_code INTO the_register;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO audit (action, register, subjects) VALUES ('mail.accepted', the_register, ARRAY[p_mail]);
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION mark_accepted(uuid, text) TO notifier_background;
