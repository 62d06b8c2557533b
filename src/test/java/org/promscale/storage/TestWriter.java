package org.promscale.storage;

import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.promscale.ingest.BatchListener;

/** Makes the writer of a connector out of its parts. */
final class TestWriter {

  private TestWriter() {}

  /** Makes one that stores into a migrated database. */
  static BatchWriter on(
      DataSource database, SeriesCache cache, List<CommitGuard> guards, BatchListener listener)
      throws SQLException {
    return on(database, cache, Partitions.load(database), guards, listener);
  }

  /** Makes one that knows these partitions, and the time they were kept at. */
  static BatchWriter on(
      DataSource database,
      SeriesCache cache,
      Partitions partitions,
      List<CommitGuard> guards,
      BatchListener listener) {
    BatchPreparation preparation =
        new BatchPreparation(new SeriesCatalog(), cache, partitions, new MetadataStore(), listener);
    LaneFence fence = new LaneFence("test");
    return new BatchWriter(
        database,
        preparation,
        fence,
        new BatchTransaction(true, guards, fence, listener, () -> 0L),
        listener);
  }
}
