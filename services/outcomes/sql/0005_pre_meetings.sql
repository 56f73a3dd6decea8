-- Meetings: series by area, their meetings, and for each person on an agenda the minutes. Series and meetings name no
-- person of the register, and every administrator of the register sees them. What is about a person lies in the
-- compartment of the record.

-- Meetings that recur for one area; without a locality, for the whole register. Each area has one active series.
CREATE TABLE meeting_series (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    name text NOT NULL,
    locality text COLLATE "C",
    chair text NOT NULL,
    services text [] NOT NULL,
    cut_off_days integer NOT NULL CHECK (cut_off_days BETWEEN 0 AND 30),
    is_active boolean NOT NULL,
    version integer NOT NULL
);
CREATE UNIQUE INDEX meeting_series_of_area ON meeting_series (register_code, coalesce(locality, '')) WHERE is_active;

-- A meeting. While it is planned, its name, area, services and cut-off are those of its series; from `settled_at`, when
-- it was started or cancelled, they are its own. Without a `chair` of its own the series has one. `held_on` is the day of
-- `starts_at` in London. A series meets once a day.
CREATE TABLE meeting (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    series_id uuid NOT NULL REFERENCES meeting_series,
    starts_at timestamptz NOT NULL,
    held_on date NOT NULL,
    minutes integer NOT NULL,
    place text NOT NULL,
    chair text,
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'in_progress', 'closed', 'cancelled')),
    version integer NOT NULL DEFAULT 1,
    name text,
    locality text COLLATE "C",
    services text [],
    cut_off_at timestamptz,
    settled_at timestamptz,
    cancelled_because text NOT NULL DEFAULT '',
    closed_by uuid,
    closed_by_name text NOT NULL DEFAULT '',
    closed_at timestamptz,
    attendance jsonb NOT NULL DEFAULT '[]',
    attendance_version integer NOT NULL DEFAULT 0,
    CONSTRAINT meeting_is_settled CHECK (
        num_nulls(name, services, cut_off_at, settled_at) = CASE state WHEN 'planned' THEN 4 ELSE 0 END
    ),
    CONSTRAINT meeting_is_closed CHECK (num_nulls(closed_by, closed_at) = CASE state WHEN 'closed' THEN 0 ELSE 2 END)
);
CREATE UNIQUE INDEX meeting_once_a_day ON meeting (series_id, held_on) WHERE state <> 'cancelled';
CREATE INDEX meeting_of_register ON meeting (register_code, starts_at DESC, id DESC);
CREATE INDEX meeting_coming ON meeting (register_code, starts_at, id) WHERE state IN ('planned', 'in_progress');

-- A person on an agenda, and the minutes about them. Before the meeting starts, only those added by hand have a row.
-- `urgency` and `since` are those of the rating when the row was made. `version` counts the saved minutes. `carries`: what
-- was decided puts the person on the next agenda. `decision` is its code.
CREATE TABLE meeting_item (
    meeting_id uuid NOT NULL REFERENCES meeting,
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    reference text COLLATE "C" NOT NULL,
    locality text COLLATE "C",
    urgency text NOT NULL CHECK (urgency IN ('routine', 'alert', 'urgent')),
    because text NOT NULL CHECK (because IN ('urgent', 'agenda', 'carried', 'overdue', 'by_hand')),
    since timestamptz,
    added_at timestamptz NOT NULL,
    edition text,
    answers jsonb NOT NULL DEFAULT '{}',
    decision text NOT NULL DEFAULT '',
    is_done boolean NOT NULL DEFAULT false,
    carries boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 0,
    saved_by uuid,
    saved_by_name text NOT NULL DEFAULT '',
    saved_at timestamptz,
    PRIMARY KEY (meeting_id, record_id),
    CONSTRAINT meeting_item_saved_by_somebody CHECK (
        num_nulls(edition, saved_by, saved_at) = CASE version WHEN 0 THEN 3 ELSE 0 END
    )
);
CREATE INDEX meeting_item_of_record ON meeting_item (record_id);

-- Corrections to final minutes.
CREATE TABLE meeting_addendum (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL,
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    text text NOT NULL,
    added_by uuid NOT NULL,
    added_by_name text NOT NULL,
    added_at timestamptz NOT NULL,
    FOREIGN KEY (meeting_id, record_id) REFERENCES meeting_item
);
CREATE INDEX meeting_addendum_of_item ON meeting_addendum (meeting_id, record_id, added_at);
CREATE INDEX meeting_addendum_of_record ON meeting_addendum (record_id);

-- Users who may not open an item, because they have declared an interest in its person. It may have no row yet.
CREATE TABLE meeting_interest (
    meeting_id uuid NOT NULL REFERENCES meeting,
    record_id uuid NOT NULL,
    user_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    declared_at timestamptz NOT NULL,
    PRIMARY KEY (meeting_id, record_id, user_id)
);
CREATE INDEX meeting_interest_of_record ON meeting_interest (record_id);

-- The days agreed for the next reviews of records that are on a register, as their events say.
CREATE TABLE agreed_review (
    record_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    reference text COLLATE "C" NOT NULL,
    locality text COLLATE "C",
    review_on date NOT NULL
);
CREATE INDEX agreed_review_due ON agreed_review (register_code, review_on);

-- Whether the record is on the register at its known version (null: not known), and when that version became known.
ALTER TABLE record_known
ADD COLUMN is_open boolean,
ADD COLUMN changed_at timestamptz;

GRANT SELECT, INSERT, UPDATE (name, locality, chair, services, cut_off_days, is_active, version)
ON meeting_series TO outcomes_app;
GRANT SELECT, INSERT, UPDATE (
    starts_at, held_on, minutes, place, chair, state, version, name, locality, services, cut_off_at, settled_at,
    cancelled_because, closed_by, closed_by_name, closed_at, attendance, attendance_version
) ON meeting TO outcomes_app;
GRANT SELECT, INSERT, DELETE, UPDATE (
    edition, answers, decision, is_done, carries, version, saved_by, saved_by_name, saved_at
) ON meeting_item TO outcomes_app;
GRANT SELECT, INSERT ON meeting_addendum, meeting_interest TO outcomes_app;
GRANT SELECT ON agreed_review TO outcomes_app;

-- A meeting that was closed or cancelled stays as it is.
CREATE FUNCTION keep_settled_meeting() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF OLD.state IN ('closed', 'cancelled') THEN
        RAISE EXCEPTION 'this meeting is over' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER meeting_stays_closed BEFORE UPDATE OR DELETE ON meeting
FOR EACH ROW EXECUTE FUNCTION keep_settled_meeting();

-- The minutes of a meeting that is over are final, for every role. The lock lets none be saved while it is being closed.
-- An item still follows its record into another compartment.
CREATE FUNCTION keep_final_minutes() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM meeting AS m
    WHERE m.id = CASE TG_OP WHEN 'DELETE' THEN OLD.meeting_id ELSE NEW.meeting_id END
        AND m.state IN ('planned', 'in_progress')
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the minutes of this meeting are final' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER meeting_item_stays_final BEFORE INSERT OR DELETE OR UPDATE OF
meeting_id, record_id, reference, urgency, because, since, edition, answers, decision, is_done, carries, version,
saved_by, saved_by_name, saved_at ON meeting_item
FOR EACH ROW EXECUTE FUNCTION keep_final_minutes();

-- Which rows each role sees, as in the baseline: administrators see the meetings of their register, and what is about a
-- person in their compartments.
DO $$
DECLARE
    register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    scope text := 'register_code = (SELECT current_setting(''app.register'', true)) AND '
        '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    administrator text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY[
        'meeting_series', 'meeting', 'meeting_item', 'meeting_addendum', 'meeting_interest', 'agreed_review'
    ] LOOP
        EXECUTE format('
            ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY;
            ALTER TABLE %1$I FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner ON %1$I TO outcomes_owner USING (true) WITH CHECK (true);
            CREATE POLICY scope ON %1$I TO outcomes_app USING (%2$s) WITH CHECK (%2$s);
            CREATE POLICY roles ON %1$I AS RESTRICTIVE TO outcomes_app USING (%3$s) WITH CHECK (%3$s);
        ', each, CASE WHEN each IN ('meeting_series', 'meeting') THEN register ELSE scope END, administrator);
    END LOOP;
END
$$;
