-- How long samples are kept. A database that is older than its retention would lose data at the
-- upgrade: there somebody has to say so first.
INSERT INTO _prom_catalog.setting (name, value)
SELECT 'retention_ms', CASE WHEN EXISTS (SELECT FROM _prom_catalog.partitions() WHERE ends < now() - interval '90 days')
  THEN '0' ELSE (90 * 86400000::bigint)::text END;

ALTER TABLE _prom_catalog.metric ADD COLUMN retention_ms bigint CHECK (retention_ms = 0 OR retention_ms >= 3600000);
COMMENT ON COLUMN _prom_catalog.metric.retention_ms IS 'How long its samples are kept; 0: for ever; null: as the setting retention_ms says.';
CREATE INDEX metric_own_retention ON _prom_catalog.metric (retention_ms) WHERE retention_ms IS NOT NULL;

-- What is gone from the catalog, and whose samples are still to be deleted.
CREATE TABLE _prom_catalog.doomed_series (
  series_id bigint PRIMARY KEY,
  doomed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE _prom_catalog.doomed_series IS 'Ids of deleted series whose samples are not deleted yet; views do not show them any more.';

-- Which partitions are free of the samples that a shorter retention than the longest one is over for.
CREATE TABLE _prom_catalog.sweep (
  partition text PRIMARY KEY,
  retention_ms bigint NOT NULL,
  next_block bigint,
  next_series bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE _prom_catalog.sweep IS 'How far each partition was searched for samples of metrics that are kept shorter than others.';
COMMENT ON COLUMN _prom_catalog.sweep.next_block IS 'First page that was not searched yet; null: all were.';

-- Whoever looks a series up takes its mark away. So a series whose mark is older than the last
-- change of the incarnation is known to no connector, and none can become it while its mark is
-- locked: if it has no samples then, it will have none.
CREATE TABLE _prom_catalog.forgotten_series (
  series_id bigint PRIMARY KEY,
  mark bigint NOT NULL
);
COMMENT ON TABLE _prom_catalog.forgotten_series IS 'Series that were found without samples, and will be deleted unless somebody looks them up.';

CREATE TABLE _prom_catalog.forgotten_value (
  key_id int NOT NULL,
  digest uuid NOT NULL,
  PRIMARY KEY (key_id, digest)
);
COMMENT ON TABLE _prom_catalog.forgotten_value IS 'Values of labels of deleted series; each is deleted if no other series has it.';

CREATE TABLE _prom_catalog.forgotten_metric (metric_id bigint PRIMARY KEY);
COMMENT ON TABLE _prom_catalog.forgotten_metric IS 'Metrics of deleted series; each is deleted with its views if it has no other series.';

CREATE FUNCTION _prom_catalog.retention_of(period interval) RETURNS bigint
  LANGUAGE plpgsql IMMUTABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF period < interval '1 hour' THEN
    RAISE EXCEPTION 'a retention of % is too short', period
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at least 1 hour, or NULL to keep samples for ever.';
  END IF;
  RETURN coalesce((extract(epoch FROM period) * 1000)::bigint, 0);
END $$;
COMMENT ON FUNCTION _prom_catalog.retention_of(interval) IS 'Turns a retention into milliseconds; null, for ever, is 0.';

CREATE FUNCTION _prom_catalog.retention_period(ms bigint) RETURNS interval
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  RETURN CASE WHEN ms > 0 THEN make_interval(days => (ms / 86400000)::int, secs => (ms % 86400000)::float8 / 1000) END;
COMMENT ON FUNCTION _prom_catalog.retention_period(bigint) IS 'Turns milliseconds into a retention; 0 is for ever, null.';

CREATE FUNCTION _prom_catalog.default_retention_ms() RETURNS bigint
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$ SELECT value::bigint FROM _prom_catalog.setting WHERE name = 'retention_ms' $$;
COMMENT ON FUNCTION _prom_catalog.default_retention_ms() IS 'Retention of metrics without one of their own, in milliseconds; 0: for ever.';

CREATE FUNCTION _prom_catalog.longest_retention_ms() RETURNS bigint
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN min(r) = 0 THEN 0 ELSE max(r) END
  FROM (SELECT _prom_catalog.default_retention_ms() AS r
        UNION ALL SELECT retention_ms FROM _prom_catalog.metric WHERE retention_ms IS NOT NULL) x
$$;
COMMENT ON FUNCTION _prom_catalog.longest_retention_ms() IS 'What is older is dropped partition by partition, and refused where it arrives; in milliseconds, 0: nothing is.';

CREATE FUNCTION _prom_catalog.find_metric(metric_name text, tenant int) RETURNS _prom_catalog.metric
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m _prom_catalog.metric;
BEGIN
  SELECT * INTO m FROM _prom_catalog.metric WHERE tenant_id = tenant AND name = metric_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no metric "%"', metric_name
      USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM prom_info.metric ORDER BY name; shows all.';
  END IF;
  RETURN m;
END $$;
COMMENT ON FUNCTION _prom_catalog.find_metric(text, int) IS 'Finds a metric by its name, or says that there is none.';

CREATE FUNCTION prom_api.set_default_retention_period(retention_period interval) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE _prom_catalog.setting SET value = _prom_catalog.retention_of(retention_period)::text, changed_at = now()
    WHERE name = 'retention_ms';
  DELETE FROM _prom_catalog.sweep;
  RETURN true;
END $$;
COMMENT ON FUNCTION prom_api.set_default_retention_period(interval) IS 'Sets how long samples are kept, 90 days at first; null: for ever. What is older goes within minutes.';

CREATE FUNCTION _prom_catalog.adopt_retention(ms bigint) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF ms = _prom_catalog.default_retention_ms() THEN
    RETURN false;
  END IF;
  RETURN prom_api.set_default_retention_period(_prom_catalog.retention_period(ms));
END $$;
COMMENT ON FUNCTION _prom_catalog.adopt_retention(bigint) IS 'Sets the default retention to what a connector was started with, in milliseconds; tells whether it was another one.';

CREATE FUNCTION prom_api.get_default_retention_period() RETURNS interval
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$ SELECT _prom_catalog.retention_period(_prom_catalog.default_retention_ms()) $$;
COMMENT ON FUNCTION prom_api.get_default_retention_period() IS 'Tells how long samples are kept; null: for ever.';

CREATE FUNCTION prom_api.set_metric_retention_period(metric_name text, new_retention_period interval, tenant int DEFAULT 0)
  RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m _prom_catalog.metric := _prom_catalog.find_metric(metric_name, tenant);
BEGIN
  UPDATE _prom_catalog.metric SET retention_ms = _prom_catalog.retention_of(new_retention_period) WHERE id = m.id;
  DELETE FROM _prom_catalog.sweep;
  RETURN true;
END $$;
COMMENT ON FUNCTION prom_api.set_metric_retention_period(text, interval, int) IS 'Sets how long the samples of one metric are kept; null: for ever.';

CREATE FUNCTION prom_api.reset_metric_retention_period(metric_name text, tenant int DEFAULT 0) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m _prom_catalog.metric := _prom_catalog.find_metric(metric_name, tenant);
BEGIN
  UPDATE _prom_catalog.metric SET retention_ms = NULL WHERE id = m.id;
  DELETE FROM _prom_catalog.sweep;
  RETURN true;
END $$;
COMMENT ON FUNCTION prom_api.reset_metric_retention_period(text, int) IS 'Lets the default retention decide again how long the samples of a metric are kept.';

CREATE FUNCTION prom_api.get_metric_retention_period(metric_name text, tenant int DEFAULT 0) RETURNS interval
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m _prom_catalog.metric := _prom_catalog.find_metric(metric_name, tenant);
BEGIN
  RETURN _prom_catalog.retention_period(coalesce(m.retention_ms, _prom_catalog.default_retention_ms()));
END $$;
COMMENT ON FUNCTION prom_api.get_metric_retention_period(text, int) IS 'Tells how long the samples of a metric are kept; null: for ever.';

-- Whoever calls this holds the lock of the incarnation alone, and is about to commit.
CREATE FUNCTION _prom_catalog.ids_have_gone() RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$ UPDATE _prom_catalog.incarnation SET token = gen_random_uuid(), changed_at = now() $$;
COMMENT ON FUNCTION _prom_catalog.ids_have_gone() IS 'Makes connectors forget the ids of all series, and ask anew.';

CREATE FUNCTION _prom_catalog.remove_series(ids bigint[]) RETURNS bigint
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$
  WITH gone AS (
    DELETE FROM _prom_catalog.series WHERE id = ANY (ids) RETURNING tenant_id, metric_id, labels),
  marks AS (
    DELETE FROM _prom_catalog.forgotten_series WHERE series_id = ANY (ids)),
  metrics AS (
    INSERT INTO _prom_catalog.forgotten_metric (metric_id) SELECT DISTINCT metric_id FROM gone ON CONFLICT DO NOTHING),
  label_values AS (
    INSERT INTO _prom_catalog.forgotten_value (key_id, digest)
      SELECT DISTINCT k.id, encode(substring(sha256(convert_to(l.value, 'UTF8')) FOR 16), 'hex')::uuid
      FROM (SELECT DISTINCT g.tenant_id, e.key, e.value FROM gone g CROSS JOIN LATERAL jsonb_each_text(g.labels) e) l
      JOIN _prom_catalog.label_key k ON k.tenant_id = l.tenant_id AND k.key = l.key
      ON CONFLICT DO NOTHING)
  SELECT count(*) FROM gone
$$;
COMMENT ON FUNCTION _prom_catalog.remove_series(bigint[]) IS 'Deletes series, and notes their metrics and labels, which may be without series now; tells how many there were.';

CREATE FUNCTION _prom_catalog.doom_series(ids bigint[]) RETURNS bigint
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  removed bigint;
BEGIN
  INSERT INTO _prom_catalog.doomed_series (series_id) SELECT DISTINCT unnest(ids) ON CONFLICT DO NOTHING;
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('incarnation'));
  removed := _prom_catalog.remove_series(ids);
  PERFORM _prom_catalog.ids_have_gone();
  RETURN removed;
END $$;
COMMENT ON FUNCTION _prom_catalog.doom_series(bigint[]) IS 'Deletes series at once, and leaves their samples to maintenance; tells how many there were.';

CREATE FUNCTION _prom_catalog.drop_views(view_name text) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF view_name IS NOT NULL THEN
    EXECUTE format('DROP VIEW IF EXISTS prom_metric.%I, prom_series.%I', view_name, view_name);
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.drop_views(text) IS 'Drops the two views of a metric, if it has any yet.';

CREATE FUNCTION prom_api.drop_metric(metric_name text, tenant int DEFAULT 0) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  m _prom_catalog.metric := _prom_catalog.find_metric(metric_name, tenant);
  removed bigint;
BEGIN
  -- In the order of all who do this: views, metric, ids.
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('views'));
  SELECT * INTO m FROM _prom_catalog.metric WHERE id = m.id FOR UPDATE;
  PERFORM _prom_catalog.drop_views(m.view_name);
  removed := _prom_catalog.doom_series(ARRAY(SELECT id FROM _prom_catalog.series WHERE metric_id = m.id));
  DELETE FROM _prom_catalog.metric WHERE id = m.id;
  RETURN removed;
END $$;
COMMENT ON FUNCTION prom_api.drop_metric(text, int) IS 'Deletes a metric with its views and series at once, and its samples soon after; tells how many series it had. If it is still sent, it starts anew.';

CREATE FUNCTION _prom_catalog.matching(labels jsonb, name text, operator text, value text) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  RETURN CASE operator
    WHEN '=' THEN coalesce(labels ->> name, '') = value
    WHEN '!=' THEN coalesce(labels ->> name, '') <> value
    WHEN '=~' THEN coalesce(labels ->> name, '') ~ ('^(?:' || value || ')$')
    ELSE coalesce(labels ->> name, '') !~ ('^(?:' || value || ')$') END;
COMMENT ON FUNCTION _prom_catalog.matching(jsonb, text, text, text) IS 'Tells whether a label set satisfies one matcher; a label that is not there has the empty value.';

CREATE FUNCTION prom_api.delete_series(VARIADIC matchers text[]) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  matcher text;
  part text[];
  equal jsonb := '{}';
  condition text := '';
  selective boolean := false;
  ids bigint[];
BEGIN
  FOREACH matcher IN ARRAY matchers LOOP
    part := regexp_match(matcher, '^([^=!~]+)(=~|!~|!=|=)(.*)$', 's');
    IF part IS NULL THEN
      RAISE EXCEPTION 'no matcher: %', matcher
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Write name=value, name!=value, name=~expression or name!~expression.';
    END IF;
    selective := selective OR NOT _prom_catalog.matching('{}', part[1], part[2], part[3]);
    IF part[2] = '=' AND part[3] <> '' THEN
      equal := equal || jsonb_build_object(part[1], part[3]); -- only to find them by the index
    END IF;
    condition := condition || format(' AND _prom_catalog.matching(labels, %L, %L, %L)', part[1], part[2], part[3]);
  END LOOP;
  IF NOT selective THEN
    RAISE EXCEPTION 'these matchers would delete every series'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'At least one must not fit an empty label, for instance __name__=up or job=~.+';
  END IF;
  EXECUTE format('SELECT array_agg(id) FROM _prom_catalog.series WHERE labels @> %L%s', equal, condition) INTO ids;
  IF ids IS NULL THEN
    RETURN 0;
  END IF;
  RETURN _prom_catalog.doom_series(ids);
END $$;
COMMENT ON FUNCTION prom_api.delete_series(text[]) IS 'Deletes the series that satisfy all matchers at once, and their samples soon after; tells how many. delete_series(''__name__=up'', ''instance=~10[.].*''). Expressions are PostgreSQL''s and must fit the whole value.';

CREATE OR REPLACE VIEW prom_info.metric AS
  SELECT m.id, m.tenant_id, m.name, m.view_name, d.type, d.unit, d.help,
    (SELECT count(*) FROM _prom_catalog.series s WHERE s.metric_id = m.id) AS series_count,
    (SELECT array_agg(l.key ORDER BY l.key) FROM _prom_catalog.metric_label l WHERE l.metric_id = m.id) AS label_keys,
    m.created_at AS first_seen,
    _prom_catalog.retention_period(coalesce(m.retention_ms, _prom_catalog.default_retention_ms())) AS retention_period
  FROM _prom_catalog.metric m
  LEFT JOIN LATERAL (
    SELECT t.type, t.unit, t.help FROM _prom_catalog.metadata t
    WHERE t.tenant_id = m.tenant_id
      AND t.family IN (m.name, regexp_replace(m.name, '_(total|sum|count|bucket|created|info|gsum|gcount)$', ''))
    ORDER BY length(t.family) DESC, t.seen_at DESC LIMIT 1) d ON true;

REVOKE EXECUTE ON FUNCTION prom_api.set_default_retention_period(interval), _prom_catalog.adopt_retention(bigint),
  prom_api.set_metric_retention_period(text, interval, int), prom_api.reset_metric_retention_period(text, int),
  prom_api.drop_metric(text, int), prom_api.delete_series(text[]), _prom_catalog.doom_series(bigint[]),
  _prom_catalog.remove_series(bigint[]), _prom_catalog.drop_views(text), _prom_catalog.ids_have_gone() FROM PUBLIC;
