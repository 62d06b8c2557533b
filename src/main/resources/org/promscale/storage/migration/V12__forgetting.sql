-- Samples of metrics that are kept shorter than others go row by row, once a whole partition is over
-- for them: page by page, because that reads each page once, whoever's samples are on it.
CREATE FUNCTION _prom_catalog.swept_partition(as_of timestamptz, OUT table_name text, OUT partition regclass, OUT starts timestamptz,
    OUT ends timestamptz, OUT age_ms bigint, OUT next_block bigint, OUT next_series bigint)
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  moment timestamptz := least(as_of, clock_timestamp());
  longest bigint := _prom_catalog.longest_retention_ms();
  periods bigint[] := ARRAY(
    SELECT DISTINCT r FROM (SELECT _prom_catalog.default_retention_ms() AS r
      UNION ALL SELECT retention_ms FROM _prom_catalog.metric WHERE retention_ms IS NOT NULL) x
    WHERE r > 0 AND (r < longest OR longest = 0));
  p record;
  over bigint;
BEGIN
  FOR p IN
    SELECT d.*, (extract(epoch FROM moment - d.ends) * 1000)::bigint AS age FROM _prom_catalog.partitions() d
    WHERE periods <> '{}' AND d.ends <= moment - _prom_catalog.retention_period((SELECT min(r) FROM unnest(periods) r))
      AND (longest = 0 OR d.ends > moment - _prom_catalog.retention_period(longest))
    ORDER BY d.ends, d.table_name
  LOOP
    over := (SELECT max(r) FROM unnest(periods) r WHERE r <= p.age);
    INSERT INTO _prom_catalog.sweep AS s (partition, retention_ms, next_block) VALUES (p.partition::text, over, 0)
      ON CONFLICT ON CONSTRAINT sweep_pkey DO UPDATE SET retention_ms = over, next_block = 0, next_series = 0 WHERE s.retention_ms <> over;
    SELECT s.next_block, s.next_series INTO next_block, next_series FROM _prom_catalog.sweep s WHERE s.partition = p.partition::text;
    IF next_block IS NOT NULL THEN
      table_name := p.table_name;
      partition := p.partition;
      starts := p.starts;
      ends := p.ends;
      age_ms := p.age;
      RETURN;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION _prom_catalog.swept_partition(timestamptz) IS 'Finds the oldest partition with samples that a shorter retention than the longest one may be over for, and where to go on in it.';

CREATE FUNCTION _prom_catalog.maintain_sweep(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  pages constant bigint := 200;
  ids constant int := 200;
  p record;
  range text;
  last_series bigint;
  over bigint[];
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete samples of shorter retention');
  done := 0;
  SELECT * INTO p FROM _prom_catalog.swept_partition(as_of);
  more := p.partition IS NOT NULL;
  IF NOT more THEN
    RETURN;
  ELSIF _prom_catalog.is_compressed(p.partition) THEN
    -- No pages to read there; the extension throws whole series away instead.
    PERFORM _prom_catalog.allow_decompression();
    SELECT max(id) INTO last_series FROM (
      SELECT id FROM _prom_catalog.series WHERE id > p.next_series ORDER BY id LIMIT ids) s;
    over := ARRAY(SELECT s.id FROM _prom_catalog.series s JOIN _prom_catalog.metric m ON m.id = s.metric_id
      WHERE s.id > p.next_series AND s.id <= last_series
        AND coalesce(m.retention_ms, _prom_catalog.default_retention_ms()) BETWEEN 1 AND p.age_ms);
    -- It must know the ids when it plans: for a subquery it decompresses all series of the chunk.
    EXECUTE format('DELETE FROM prom_data.%I WHERE time >= %L AND time < %L AND series_id = ANY ($1)',
      p.table_name, p.starts, p.ends) USING over;
    GET DIAGNOSTICS done = ROW_COUNT;
    UPDATE _prom_catalog.sweep SET next_block = CASE WHEN last_series IS NOT NULL THEN 0 END, next_series = coalesce(last_series, 0)
      WHERE partition = p.partition::text;
  ELSE
    range := format('ctid >= ''(%s,0)'' AND ctid < ''(%s,0)''', p.next_block, p.next_block + pages);
    EXECUTE format('DELETE FROM %1$s WHERE %2$s AND series_id = ANY (ARRAY('
      ' SELECT s.id FROM (SELECT DISTINCT series_id FROM %1$s WHERE %2$s) r'
      ' JOIN _prom_catalog.series s ON s.id = r.series_id JOIN _prom_catalog.metric m ON m.id = s.metric_id'
      ' WHERE coalesce(m.retention_ms, $1) BETWEEN 1 AND $2))', p.partition, range)
      USING _prom_catalog.default_retention_ms(), p.age_ms;
    GET DIAGNOSTICS done = ROW_COUNT;
    UPDATE _prom_catalog.sweep s SET next_block = CASE
        WHEN (p.next_block + pages) * current_setting('block_size')::bigint < pg_relation_size(p.partition) THEN p.next_block + pages END
      WHERE s.partition = p.partition::text;
  END IF;
  IF done > 0 THEN
    UPDATE _prom_catalog.maintenance_run SET rows_deleted = rows_deleted + done WHERE run_id = run;
    UPDATE _prom_catalog.maintenance_state SET search_wanted = true;
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_sweep(bigint, timestamptz) IS 'Deletes some of the samples whose own retention is over while other samples beside them are kept.';

CREATE FUNCTION _prom_catalog.maintain_purge(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  most constant bigint := 20000;
  ids bigint[];
  p record;
  removed bigint;
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete samples of deleted series');
  done := 0;
  ids := ARRAY(SELECT series_id FROM _prom_catalog.doomed_series ORDER BY series_id LIMIT 500);
  more := ids <> '{}';
  IF NOT more THEN
    RETURN;
  END IF;
  FOR p IN SELECT * FROM _prom_catalog.partitions() ORDER BY starts DESC, table_name LOOP
    IF _prom_catalog.is_compressed(p.partition) THEN
      PERFORM _prom_catalog.allow_decompression();
      EXECUTE format('DELETE FROM prom_data.%I WHERE series_id = ANY ($1) AND time >= %L AND time < %L', p.table_name, p.starts, p.ends)
        USING ids;
    ELSE
      EXECUTE format('DELETE FROM %1$s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$s WHERE series_id = ANY ($1) LIMIT $2))', p.partition)
        USING ids, most - done;
    END IF;
    GET DIAGNOSTICS removed = ROW_COUNT;
    done := done + removed;
    EXIT WHEN done >= most;
  END LOOP;
  IF done < most THEN
    DELETE FROM _prom_catalog.doomed_series WHERE series_id = ANY (ids);
  END IF;
  UPDATE _prom_catalog.maintenance_run SET rows_deleted = rows_deleted + done WHERE run_id = run;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_purge(bigint, timestamptz) IS 'Deletes some of the samples of deleted series.';

CREATE FUNCTION _prom_catalog.without_samples(ids bigint[]) RETURNS bigint[]
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
  SET enable_seqscan = off
  SET jit = off
AS $$
DECLARE
  t text;
BEGIN
  -- Newest first: of a series that is alive, one partition is enough. The limit keeps the planner
  -- from joining two large tables instead.
  FOREACH t IN ARRAY '{sample,histogram,sample_start,exemplar}'::text[] LOOP
    EXECUTE format('SELECT coalesce(array_agg(i.id), ''{}'') FROM unnest($1) AS i (id)'
      ' LEFT JOIN LATERAL (SELECT true AS there FROM prom_data.%I WHERE series_id = i.id ORDER BY time DESC LIMIT 1) d ON true'
      ' WHERE d.there IS NULL', t) INTO ids USING ids;
  END LOOP;
  RETURN ids;
END $$;
COMMENT ON FUNCTION _prom_catalog.without_samples(bigint[]) IS 'Tells which of these series have no samples, histograms and exemplars.';

CREATE FUNCTION _prom_catalog.most_marked() RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  RETURN 500000;
COMMENT ON FUNCTION _prom_catalog.most_marked() IS 'So many series are forgotten at once: each time all connectors look theirs up again.';

CREATE FUNCTION _prom_catalog.maintain_search(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s _prom_catalog.maintenance_state;
  moment timestamptz := least(as_of, clock_timestamp());
  ids bigint[];
  added bigint;
  young timestamptz := moment - interval '1 day';
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'look for series without samples');
  done := 0;
  more := false;
  SELECT * INTO s FROM _prom_catalog.maintenance_state;
  IF moment < s.forget_after OR s.marked >= _prom_catalog.most_marked() THEN
    RETURN;
  ELSIF s.search_next IS NULL THEN
    IF NOT s.search_wanted AND moment < s.search_began + interval '7 days' THEN
      RETURN;
    END IF;
    UPDATE _prom_catalog.maintenance_state SET search_next = 0, search_wanted = false, search_began = moment;
    s.search_next := 0;
  END IF;
  ids := ARRAY(SELECT id FROM _prom_catalog.series WHERE id >= s.search_next ORDER BY id LIMIT 1000);
  more := ids <> '{}';
  UPDATE _prom_catalog.maintenance_state SET search_next = ids[cardinality(ids)] + 1;
  INSERT INTO _prom_catalog.forgotten_series (series_id, mark)
    SELECT i.id, s.mark FROM unnest(_prom_catalog.without_samples(
      ARRAY(SELECT c.id FROM _prom_catalog.series c WHERE c.id = ANY (ids) AND c.created_at < young))) AS i (id)
    ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  UPDATE _prom_catalog.maintenance_state SET marked = marked + added;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_search(bigint, timestamptz) IS 'Looks at some series, and marks those without samples. Begins once samples were deleted, or after a week.';

CREATE FUNCTION _prom_catalog.maintain_seal(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  s _prom_catalog.maintenance_state;
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'make connectors forget ids');
  done := 0;
  more := false;
  SELECT * INTO s FROM _prom_catalog.maintenance_state;
  -- All connectors look all their series up again, so not before the search has come to an end.
  IF (s.search_next IS NULL OR s.marked >= _prom_catalog.most_marked())
    AND EXISTS (SELECT FROM _prom_catalog.forgotten_series f WHERE f.mark = s.mark) THEN
    PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('incarnation'));
    UPDATE _prom_catalog.maintenance_state SET mark = mark + 1;
    PERFORM _prom_catalog.ids_have_gone();
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_seal(bigint, timestamptz) IS 'Makes connectors forget the ids that they know, once the series without samples are marked.';

CREATE FUNCTION _prom_catalog.maintain_series(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  ids bigint[];
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete series without samples');
  WITH marked AS (
    DELETE FROM _prom_catalog.forgotten_series WHERE series_id IN (
      SELECT f.series_id FROM _prom_catalog.forgotten_series f, _prom_catalog.maintenance_state s
      WHERE f.mark < s.mark ORDER BY f.series_id LIMIT 1000 FOR UPDATE OF f SKIP LOCKED)
    RETURNING series_id)
  SELECT array_agg(series_id ORDER BY series_id) INTO ids FROM marked;
  more := ids IS NOT NULL;
  IF NOT more THEN
    UPDATE _prom_catalog.maintenance_state SET marked = (SELECT count(*) FROM _prom_catalog.forgotten_series) WHERE marked > 0;
    done := 0;
    RETURN;
  END IF;
  done := _prom_catalog.remove_series(_prom_catalog.without_samples(ids));
  UPDATE _prom_catalog.maintenance_run SET series_removed = series_removed + done WHERE run_id = run;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_series(bigint, timestamptz) IS 'Deletes some of the series that are marked, known to no connector, and still without samples.';

REVOKE EXECUTE ON FUNCTION _prom_catalog.swept_partition(timestamptz), _prom_catalog.maintain_sweep(bigint, timestamptz),
  _prom_catalog.maintain_purge(bigint, timestamptz), _prom_catalog.maintain_search(bigint, timestamptz),
  _prom_catalog.maintain_seal(bigint, timestamptz), _prom_catalog.maintain_series(bigint, timestamptz) FROM PUBLIC;
