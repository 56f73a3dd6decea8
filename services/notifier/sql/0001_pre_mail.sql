-- The mail queue: one row for each mail. Its content stays for as long as it has to be sent, and no longer; the row
-- stays for 90 days, to say what became of it. `next_try_at` is also the end of the lease while a sender has the mail
-- in hand. `instead_of` names the urgent mail that could not be delivered, in whose place this one goes to others.

CREATE TABLE mail (
    id uuid PRIMARY KEY,
    register_code text NOT NULL,
    template text NOT NULL,
    lane text NOT NULL CHECK (lane IN ('now', 'bulk')),
    recipient text NOT NULL,
    subject text,
    body text,
    state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'sending', 'accepted', 'failed', 'given_up', 'expired')),
    attempts integer NOT NULL DEFAULT 0,
    last_answer text,
    next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    instead_of uuid,
    claimed_by uuid,
    claimed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    CONSTRAINT mail_content_while_it_waits
    CHECK ((state IN ('queued', 'sending')) = (subject IS NOT NULL AND body IS NOT NULL)),
    CONSTRAINT mail_claimed_while_sending CHECK ((state = 'sending') = (claimed_by IS NOT NULL)),
    CONSTRAINT mail_ended_once CHECK ((state IN ('queued', 'sending')) = (ended_at IS NULL))
);
CREATE INDEX mail_due ON mail (lane, next_try_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_expiry ON mail (expires_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_age ON mail (ended_at) WHERE ended_at IS NOT NULL;

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON mail TO %I', current_schema() || '_app');
END
$$;
