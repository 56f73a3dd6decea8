-- A draft goes when its command is carried out, and not before: a form that is refused because somebody may be on the
-- register already takes its command's row away again in the same transaction, and keeps its draft. So it is looked at
-- the end of the transaction whether the command is there.

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

DROP TRIGGER command_takes_its_draft ON command;
CREATE CONSTRAINT TRIGGER command_takes_its_draft AFTER INSERT ON command
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION draft_sent();
