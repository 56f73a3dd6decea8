-- How records stand, of any register and organisation, for outcomes: ids, codes and times, and nothing about the person.

CREATE FUNCTION read_standing(p_record uuid) RETURNS TABLE (
    record_id uuid, register_code text, edition text, organisation_id uuid, reference text, version integer,
    status smallint, rating text, rated_at timestamptz, locality text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        r.id, r.register_code, r.edition, r.organisation_id, r.reference, r.version, r.status, r.rating, r.rated_at,
        r.locality
    FROM record AS r
    WHERE r.id = p_record
$$;

-- The next active records in the order of their ids, so many whatever their rating: what a page costs is the same.
CREATE FUNCTION list_standings(p_after uuid, p_most integer) RETURNS TABLE (
    record_id uuid, register_code text, edition text, organisation_id uuid, reference text, version integer,
    status smallint, rating text, rated_at timestamptz, locality text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        r.id, r.register_code, r.edition, r.organisation_id, r.reference, r.version, r.status, r.rating, r.rated_at,
        r.locality
    FROM record AS r
    WHERE r.id > p_after AND r.status = 0
    ORDER BY r.id
    LIMIT p_most
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE ALL ON FUNCTION read_standing(uuid), list_standings(uuid, integer) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION read_standing(uuid), list_standings(uuid, integer) TO %I', app);
END
$$;
