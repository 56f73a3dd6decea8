-- What came of the records of every register.

-- An outcome that ends its record is `pending` until referrals has archived the record; then it is `saved`. When the
-- record is not archived it is `refused`, if the person who recorded it was told so at once, or `given_up` after they had
-- left: then what they typed is kept, to be shown. Only `saved` ones count. `record_version` is what the person saw.
CREATE TABLE outcome (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    record_id uuid NOT NULL,
    record_version integer NOT NULL,
    organisation_id uuid NOT NULL,
    answers jsonb NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_by_name text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ending boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'saved', 'refused', 'given_up')),
    refusal text,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- when referrals was last asked to archive
    feed_sequence bigint UNIQUE, -- its place in the feed, once it counts
    CONSTRAINT outcome_waits_only_to_end CHECK (ending OR state = 'saved'),
    CONSTRAINT outcome_says_why_not CHECK ((refusal IS NOT NULL) = (state IN ('refused', 'given_up')))
);
CREATE INDEX outcome_of_record ON outcome (record_id, recorded_at DESC, id DESC);
CREATE INDEX outcome_pending ON outcome (asked_at) WHERE state = 'pending';
CREATE INDEX outcome_not_fed ON outcome (id) WHERE state = 'saved' AND feed_sequence IS NULL;
CREATE UNIQUE INDEX outcome_ends_once ON outcome (record_id) WHERE ending AND state IN ('pending', 'saved');

CREATE SEQUENCE outcome_feed_sequence;
