-- The day agreed at a review for the next one. It was agreed at `review_agreed_at`: while that is the time of the record's
-- rating too, it is what the last review said. A rating that is given later stands beside it (see `review_due`).
ALTER TABLE record ADD COLUMN next_review date;
ALTER TABLE record ADD COLUMN review_agreed_at timestamptz;
-- Every row that is there has neither.
ALTER TABLE record ADD CONSTRAINT record_review_agreed
CHECK ((next_review IS NULL) = (review_agreed_at IS NULL)) NOT VALID;

-- Due dates are not stored, for they follow from the intervals, which administrators change. A level's records are due in
-- the order of their rating, and these indexes have that order. The others have a day of their own, or both.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_by_rated_at ON record (register_code, rating, rated_at, id)
INCLUDE (compartment_id) WHERE is_open AND next_review IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_unrated_by_rated_at ON record (register_code, rated_at, id)
INCLUDE (compartment_id) WHERE is_open AND next_review IS NULL AND rating IS NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_by_next_review ON record (register_code, next_review, id)
INCLUDE (compartment_id) WHERE is_open AND next_review IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_rated_since_review ON record (register_code)
WHERE is_open AND next_review IS NOT NULL AND review_agreed_at <> rated_at;

-- What the holder of a record was reminded of: of which due date, whether it was over, and on which day. Only the job
-- that reminds reads it. It names no person.
CREATE TABLE review_reminder (
    record_id uuid PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    due_on date NOT NULL,
    is_overdue boolean NOT NULL,
    reminded_on date NOT NULL
);

-- The days on which the job has reminded, so that each holder hears once a day whichever process does it.
CREATE TABLE review_reminder_day (
    register_code text COLLATE "C" NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (register_code, day)
);

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('GRANT UPDATE (next_review, review_agreed_at) ON record TO %I', app);
END
$$;
