-- Whether this is the installation that acts, or a copy of it that is held: it sends no mail and no event.

-- Return what tells this database from every other: its server and its number there. A host may keep the server's
-- identifier to itself; then the number alone must do.
CREATE OR REPLACE FUNCTION this_database() RETURNS text
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    number CONSTANT text := (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
BEGIN
    RETURN (SELECT concat_ws('/', s.system_identifier, number) FROM pg_control_system() AS s);
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN number;
END
$$;

-- Compare the public address and the database with those of the last start, and keep them. Hold the installation if they
-- differ. Return why it is held, or null.
CREATE OR REPLACE FUNCTION note_start(p_address text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_database CONSTANT text := this_database();
    because text;
BEGIN
    INSERT INTO installation (address, database) VALUES (p_address, the_database) ON CONFLICT (id) DO UPDATE
    SET address = excluded.address, database = excluded.database
    WHERE installation.address IS NULL OR installation.database IS NULL;
    UPDATE installation AS i
    SET address = p_address, database = the_database, held_since = coalesce(i.held_since, clock_timestamp()),
        held_because = coalesce(i.held_because, CASE WHEN i.database <> the_database THEN 'restored' ELSE 'address_changed' END)
    WHERE (i.address, i.database) <> (p_address, the_database);
    SELECT i.held_because INTO because FROM installation AS i;
    RETURN because;
END
$$;
GRANT EXECUTE ON FUNCTION note_start(text) TO "<service>_app";

-- Hold a restored copy. Its first start may be under any address.
CREATE OR REPLACE FUNCTION hold_installation() RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO installation (database, held_since, held_because)
    VALUES (this_database(), clock_timestamp(), 'restored')
    ON CONFLICT (id) DO UPDATE
    SET address = NULL, database = excluded.database,
        held_since = coalesce(installation.held_since, excluded.held_since),
        held_because = coalesce(installation.held_because, excluded.held_because)
$$;

-- Let a held installation act again, in this database. Return whether it was held.
CREATE OR REPLACE FUNCTION release_installation() RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE installation SET held_since = NULL, held_because = NULL, database = this_database()
    WHERE held_since IS NOT NULL;
    RETURN found;
END
$$;
