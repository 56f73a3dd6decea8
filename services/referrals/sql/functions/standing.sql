-- The status of records of any register and compartment, for outcomes: ids, codes and times, without personal data.

CREATE OR REPLACE FUNCTION read_standings(p_records uuid []) RETURNS TABLE (
    record_id uuid, register_code text, edition text, organisation_id uuid, bodies text [], reference text, version integer,
    is_open boolean, rating text, rated_at timestamptz, locality text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        r.id, r.register_code, r.edition, r.organisation_id, c.bodies, r.reference, r.version, r.is_open, r.rating,
        r.rated_at, r.locality
    FROM record AS r
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    WHERE r.id = ANY(p_records)
$$;

-- Return the next open records in the order of their ids. Their rating does not matter, so each page costs the same.
CREATE OR REPLACE FUNCTION list_standings(p_after uuid, p_most integer) RETURNS TABLE (
    record_id uuid, register_code text, edition text, organisation_id uuid, bodies text [], reference text, version integer,
    is_open boolean, rating text, rated_at timestamptz, locality text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        r.id, r.register_code, r.edition, r.organisation_id, c.bodies, r.reference, r.version, r.is_open, r.rating,
        r.rated_at, r.locality
    FROM record AS r
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    WHERE r.id > p_after AND r.is_open
    ORDER BY r.id
    LIMIT p_most
$$;

-- Return those of the records of whose rating people were told by a notice.
CREATE OR REPLACE FUNCTION told_records(p_records uuid []) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.id FROM record AS r WHERE r.id = ANY(p_records) AND r.is_told
$$;

-- Return the day of the next review of those of the records for which one was agreed.
CREATE OR REPLACE FUNCTION agreed_reviews(p_records uuid []) RETURNS TABLE (record_id uuid, review_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.id, review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, '{}', '{}')
    FROM record AS r
    WHERE r.id = ANY(p_records) AND r.next_review IS NOT NULL
$$;

GRANT EXECUTE ON FUNCTION
read_standings(uuid []), list_standings(uuid, integer), told_records(uuid []), agreed_reviews(uuid [])
TO referrals_background;
