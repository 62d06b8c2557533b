-- Schemas that exist already need no right to create any.
DO $$
DECLARE
  s text;
BEGIN
  FOREACH s IN ARRAY '{_prom_catalog,prom_data,prom_metric,prom_series,prom_info,prom_api}'::text[] LOOP
    IF to_regnamespace(s) IS NULL THEN
      EXECUTE format('CREATE SCHEMA %I', s);
    END IF;
  END LOOP;
END $$;

COMMENT ON SCHEMA _prom_catalog IS 'Catalog of metrics, series and leases; not an interface, it changes between versions.';
COMMENT ON SCHEMA prom_data IS 'Raw samples, histograms and exemplars of all metrics.';
COMMENT ON SCHEMA prom_metric IS 'One view per metric with its samples and one column per label.';
COMMENT ON SCHEMA prom_series IS 'One view per metric with its series and one column per label.';
COMMENT ON SCHEMA prom_info IS 'What is stored: metrics, labels, partitions, high availability.';
COMMENT ON SCHEMA prom_api IS 'Functions for people and programs that query or administer the metrics.';

CREATE TABLE _prom_catalog.setting (
  name text PRIMARY KEY,
  value text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _prom_catalog.setting IS 'Decisions recorded once for all connectors; do not edit by hand unless the documentation says so.';
INSERT INTO _prom_catalog.setting (name, value) VALUES ('partition_ms', '86400000');

-- Ids of series are cached by connectors. Whoever makes an id invalid changes the token, and every
-- storing transaction compares it.
CREATE TABLE _prom_catalog.incarnation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  token uuid NOT NULL DEFAULT gen_random_uuid(),
  changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _prom_catalog.incarnation IS 'One random token, changed whenever ids of series may have become invalid (deletion, restore, promotion).';
INSERT INTO _prom_catalog.incarnation DEFAULT VALUES;

-- Exact for whole seconds in PostgreSQL's whole range; multiplying an interval is not.
CREATE FUNCTION _prom_catalog.slot_time(ms bigint) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN to_timestamp((ms / 1000)::float8);
COMMENT ON FUNCTION _prom_catalog.slot_time(bigint) IS 'Turns the start of a partition, in milliseconds since 1970 and whole seconds, into a time.';

CREATE FUNCTION _prom_catalog.lock_key(purpose text) RETURNS bigint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN hashtextextended('promscale ' || purpose, 0);
COMMENT ON FUNCTION _prom_catalog.lock_key(text) IS 'Key of the advisory lock under which only one connector at a time does a kind of work.';
