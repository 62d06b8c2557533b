CREATE TABLE _prom_catalog.metric (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id int NOT NULL DEFAULT 0,
  name text COLLATE "C" NOT NULL,
  view_name text COLLATE "C" UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);
CREATE INDEX metric_without_view ON _prom_catalog.metric (id) WHERE view_name IS NULL;
COMMENT ON TABLE _prom_catalog.metric IS 'Every metric that was ever stored, with the name of its views once they exist.';

-- No foreign key: checking it would double the cost of a new series. Instead, whoever registers
-- series holds their metrics FOR KEY SHARE, and whoever deletes a metric locks it FOR UPDATE first.
CREATE TABLE _prom_catalog.series (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id int NOT NULL DEFAULT 0,
  metric_id bigint NOT NULL,
  identity uuid NOT NULL,
  labels jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, identity)
);
CREATE INDEX series_metric_id ON _prom_catalog.series (metric_id);
CREATE INDEX series_labels ON _prom_catalog.series USING gin (labels jsonb_path_ops);
COMMENT ON TABLE _prom_catalog.series IS 'Every series with its full label set; identity is a digest of that set and decides what is the same series.';
COMMENT ON COLUMN _prom_catalog.series.identity IS 'First 16 bytes of SHA-256 over, per label in UTF-8 byte order of the names: length of the name (4 bytes, big-endian), name, length of the value, value.';

-- Label values may be longer than an index entry can be, so their digest stands in for them.
CREATE TABLE _prom_catalog.label_key (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id int NOT NULL DEFAULT 0,
  key text COLLATE "C" NOT NULL,
  UNIQUE (tenant_id, key)
);
COMMENT ON TABLE _prom_catalog.label_key IS 'Every label name that any series of the tenant has.';

-- No foreign key here either: names of labels are never deleted while values of theirs are left.
CREATE TABLE _prom_catalog.label_value (
  key_id int NOT NULL,
  digest uuid NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (key_id, digest)
);
COMMENT ON TABLE _prom_catalog.label_value IS 'Every value that any series has for a label; digest is the first 16 bytes of SHA-256 of the value.';

CREATE TABLE _prom_catalog.metric_label (
  metric_id bigint NOT NULL REFERENCES _prom_catalog.metric (id) ON DELETE CASCADE,
  key text COLLATE "C" NOT NULL,
  position int,
  column_name text,
  PRIMARY KEY (metric_id, key)
);
CREATE INDEX metric_label_without_column ON _prom_catalog.metric_label (metric_id) WHERE position IS NULL;
COMMENT ON TABLE _prom_catalog.metric_label IS 'Label names of each metric and the columns they have in its views.';
COMMENT ON COLUMN _prom_catalog.metric_label.position IS 'Order of the column in the views, from 1; null: not in the views yet; 0: found only in the column labels, because the views are full.';

CREATE TABLE _prom_catalog.metadata (
  tenant_id int NOT NULL DEFAULT 0,
  family text COLLATE "C" NOT NULL,
  digest uuid NOT NULL,
  type text NOT NULL,
  unit text NOT NULL,
  help text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, family, digest)
);
COMMENT ON TABLE _prom_catalog.metadata IS 'Type, unit and help of metric families as targets tell them; several rows where targets disagree.';
COMMENT ON COLUMN _prom_catalog.metadata.seen_at IS 'When it was last seen, give or take an hour.';
