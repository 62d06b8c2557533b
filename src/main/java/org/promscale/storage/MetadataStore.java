package org.promscale.storage;

import java.sql.Connection;
import java.util.List;
import org.promscale.model.MetricMetadata;

final class MetadataStore {
  void upsert(Connection c, int tenant, List<MetricMetadata> entries) {}
}
