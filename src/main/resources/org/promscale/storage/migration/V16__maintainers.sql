-- Connectors take marks of series away, and do maintenance by its functions.
ALTER FUNCTION _prom_catalog.apply_grants() RENAME TO apply_table_grants;

CREATE FUNCTION _prom_catalog.apply_grants() RETURNS void
  LANGUAGE plpgsql
AS $$
DECLARE
  f text;
BEGIN
  PERFORM _prom_catalog.apply_table_grants();
  IF to_regrole('prom_writer') IS NOT NULL THEN
    GRANT DELETE ON _prom_catalog.forgotten_series TO prom_writer;
    FOR f IN
      SELECT p.oid::regprocedure::text FROM pg_proc p
      WHERE p.pronamespace = '_prom_catalog'::regnamespace AND p.proname ~ '^(maintain_[a-z]+|(begin|end)_maintenance|adopt_retention)$'
    LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO prom_writer', f);
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.apply_grants() IS 'Gives prom_reader, prom_writer and prom_admin, as far as they exist, their rights; only the owner of the tables can.';
COMMENT ON FUNCTION _prom_catalog.apply_table_grants() IS 'Gives the roles their rights, but for maintenance.';
REVOKE EXECUTE ON FUNCTION _prom_catalog.apply_grants() FROM PUBLIC;

DO $$ BEGIN PERFORM _prom_catalog.apply_grants(); END $$;
