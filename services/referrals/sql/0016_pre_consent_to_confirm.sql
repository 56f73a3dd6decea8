-- Records that a spreadsheet put on the register without evidence of consent. `authority` says in the words of an officer
-- why they may be there, and `due_on` by when consent is to be confirmed. A record is on the list until an update answers
-- the questions about consent.
CREATE TABLE consent_to_confirm (
    record_id uuid PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    upload_id uuid NOT NULL,
    authority text NOT NULL CHECK (authority <> ''),
    due_on date NOT NULL,
    named_by uuid NOT NULL,
    named_by_name text NOT NULL,
    named_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed_by uuid,
    CONSTRAINT consent_to_confirm_confirmed CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL))
);
CREATE INDEX consent_to_confirm_open ON consent_to_confirm (due_on, record_id) WHERE confirmed_at IS NULL;

-- `authority` is what the user of an upload named for its rows without evidence of consent, and `unconsented_rows` counts
-- these rows. Without an authority they are errors. The `purpose` tracing takes nothing of a file but NHS numbers.
ALTER TABLE upload
ADD COLUMN authority jsonb,
ADD COLUMN unconsented_rows integer NOT NULL DEFAULT 0,
ADD COLUMN purpose text COLLATE "C" NOT NULL DEFAULT 'load';

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    of_record text := 'EXISTS (SELECT FROM record AS r WHERE r.id = record_id)';
    writers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''administrator''))';
BEGIN
    ALTER TABLE consent_to_confirm ENABLE ROW LEVEL SECURITY;
    ALTER TABLE consent_to_confirm FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY scope ON consent_to_confirm TO %I USING (%2$s) WITH CHECK (%2$s)', app, of_record);
    EXECUTE format('CREATE POLICY roles ON consent_to_confirm AS RESTRICTIVE TO %I USING (%2$s) WITH CHECK (%2$s)', app,
        writers);
    EXECUTE format('CREATE POLICY owner ON consent_to_confirm TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('GRANT SELECT, INSERT ON consent_to_confirm TO %I', app);
    EXECUTE format('GRANT INSERT (purpose) ON upload TO %I', app);
    EXECUTE format('GRANT UPDATE (authority, unconsented_rows) ON upload TO %I', app);
END
$$;
