-- Comparing numbers first keeps ordinary values away from the bytes: NaN equals NaN here.
CREATE FUNCTION prom_api.is_stale_marker(value float8) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT value = 'NaN'::float8 AND float8send(value) = '\x7ff0000000000002'::bytea $$;
COMMENT ON FUNCTION prom_api.is_stale_marker(float8) IS 'Tells whether a value is the marker that Prometheus writes when a series ends.';

CREATE FUNCTION prom_api.is_normal_nan(value float8) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT value = 'NaN'::float8 AND float8send(value) = '\x7ff8000000000001'::bytea $$;
COMMENT ON FUNCTION prom_api.is_normal_nan(float8) IS 'Tells whether a value is the NaN that Prometheus itself writes for "not a number".';

CREATE FUNCTION _prom_catalog.publish_views(metric bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m record;
  columns text;
BEGIN
  SELECT * INTO STRICT m FROM _prom_catalog.metric WHERE id = publish_views.metric;
  SELECT coalesce(string_agg(format(', c.labels ->> %L AS %I', key, column_name), '' ORDER BY position), '') INTO columns
    FROM _prom_catalog.metric_label WHERE metric_id = m.id AND position > 0;
  EXECUTE format('CREATE OR REPLACE VIEW prom_series.%I AS SELECT c.id AS series_id, c.labels%s'
    ' FROM _prom_catalog.series c WHERE c.metric_id = %s', m.view_name, columns, m.id);
  EXECUTE format('CREATE OR REPLACE VIEW prom_metric.%I AS SELECT s.time, s.value, s.series_id, c.labels%s'
    ' FROM prom_data.sample s JOIN _prom_catalog.series c ON c.id = s.series_id'
    ' WHERE c.metric_id = %s AND NOT prom_api.is_stale_marker(s.value)', m.view_name, columns, m.id);
END $$;
COMMENT ON FUNCTION _prom_catalog.publish_views(bigint) IS 'Creates the two views of a metric, or appends the columns they lack.';

CREATE VIEW prom_info.metadata AS
  SELECT tenant_id, family, type, unit, help, seen_at FROM _prom_catalog.metadata;
COMMENT ON VIEW prom_info.metadata IS 'Type, unit and help of metric families; several rows where targets disagree.';

CREATE VIEW prom_info.metric AS
  SELECT m.id, m.tenant_id, m.name, m.view_name, d.type, d.unit, d.help,
    (SELECT count(*) FROM _prom_catalog.series s WHERE s.metric_id = m.id) AS series_count,
    (SELECT array_agg(l.key ORDER BY l.key) FROM _prom_catalog.metric_label l WHERE l.metric_id = m.id) AS label_keys,
    m.created_at AS first_seen
  FROM _prom_catalog.metric m
  LEFT JOIN LATERAL (
    SELECT t.type, t.unit, t.help FROM _prom_catalog.metadata t
    WHERE t.tenant_id = m.tenant_id
      AND t.family IN (m.name, regexp_replace(m.name, '_(total|sum|count|bucket|created|info|gsum|gcount)$', ''))
    ORDER BY length(t.family) DESC, t.seen_at DESC LIMIT 1) d ON true;
COMMENT ON VIEW prom_info.metric IS 'Every metric: the name of its views, what targets say about it, its label names and number of series.';

CREATE VIEW prom_info.label AS
  SELECT k.tenant_id, k.key,
    (SELECT count(*) FROM _prom_catalog.label_value v WHERE v.key_id = k.id) AS num_values,
    (SELECT array_agg(v.value ORDER BY v.value) FROM _prom_catalog.label_value v WHERE v.key_id = k.id) AS "values"
  FROM _prom_catalog.label_key k;
COMMENT ON VIEW prom_info.label IS 'Every label name with the number of its values and the values themselves.';
