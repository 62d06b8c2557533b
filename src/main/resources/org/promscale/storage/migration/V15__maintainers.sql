-- Connectors look marks of series away, and do maintenance by its functions.
CREATE OR REPLACE FUNCTION _prom_catalog.apply_grants() RETURNS void
  LANGUAGE plpgsql
AS $$
DECLARE
  s text;
  visible text[] := '{prom_data,prom_metric,prom_series,prom_info,prom_api,_prom_catalog}';
BEGIN
  -- Two sessions that grant on the same object at once would fail.
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('grants'));
  IF to_regrole('prom_reader') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_reader', s);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO prom_reader', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO prom_reader', s);
    END LOOP;
  END IF;
  IF to_regrole('prom_writer') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_writer', s);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO prom_writer', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO prom_writer', s);
    END LOOP;
    GRANT INSERT ON prom_data.sample, prom_data.sample_start, prom_data.histogram, prom_data.exemplar TO prom_writer;
    GRANT INSERT, UPDATE ON _prom_catalog.metric, _prom_catalog.series, _prom_catalog.label_key,
      _prom_catalog.label_value, _prom_catalog.metric_label, _prom_catalog.metadata TO prom_writer;
    GRANT INSERT, UPDATE, DELETE ON _prom_catalog.ha_cluster, _prom_catalog.ha_lease, _prom_catalog.ha_progress,
      _prom_catalog.ha_term, _prom_catalog.ha_patch, _prom_catalog.ha_sighting, _prom_catalog.ha_held,
      _prom_catalog.ha_action TO prom_writer;
    GRANT DELETE ON _prom_catalog.forgotten_series TO prom_writer;
    GRANT EXECUTE ON FUNCTION _prom_catalog.create_slot(bigint, bigint), _prom_catalog.publish_views(bigint) TO prom_writer;
    FOR s IN
      SELECT p.oid::regprocedure::text FROM pg_proc p
      WHERE p.pronamespace = '_prom_catalog'::regnamespace AND p.proname ~ '^(maintain_[a-z]+|(begin|end)_maintenance|adopt_retention)$'
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO prom_writer', s);
    END LOOP;
  END IF;
  IF to_regrole('prom_admin') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_admin', s);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO prom_admin', s);
      EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO prom_admin', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO prom_admin', s);
    END LOOP;
  END IF;
END $$;

DO $$ BEGIN PERFORM _prom_catalog.apply_grants(); END $$;
