-- The day agreed at a review for the next one. It was agreed at `review_agreed_at`: while that is the time of the record's
-- rating too, it is what the last review said. A rating that is given later stands beside it (see `review_due`).
ALTER TABLE record ADD COLUMN next_review date;
ALTER TABLE record ADD COLUMN review_agreed_at timestamptz;
-- No row has either yet.
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE record ADD CONSTRAINT record_review_agreed CHECK ((next_review IS NULL) = (review_agreed_at IS NULL)) NOT VALID;

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (next_review, review_agreed_at) ON record TO %I', current_schema() || '_app');
END
$$;
