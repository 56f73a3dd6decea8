-- What records rely on in each edition: question names, kinds, option codes, scope and states. `is_used`: records or
-- outcomes were saved in it. `kept` is null until the service has started with the edition. Names no person.
CREATE TABLE edition_kept (
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    is_used boolean NOT NULL DEFAULT false,
    sha256 text,
    kept jsonb,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (register_code, edition)
);
INSERT INTO edition_kept (register_code, edition, is_used)
SELECT DISTINCT r.register_code, r.edition, true
FROM record AS r;

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON edition_kept TO %I', current_schema() || '_app');
END
$$;
