package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.TimePartitions;

/**
 * Storage as a whole. It exists from the start of the application, but takes writes only after
 * {@link #open}: until the schema is there senders are told to come back. Thread-safe.
 */
public final class PgStorage implements SampleBatcher.Store, TimePartitions {

  private static final Logger LOG = System.getLogger(PgStorage.class.getName());

  /** A retention that never ends. */
  public static final long FOREVER = 0;

  /** Lanes of those who fill; there are fewer writers than this. */
  private static final int FILL_LANES = 1_000;

  private final DataSource dataSource;
  private final SeriesCache cache;
  private final boolean synchronousCommit;
  private final OptionalLong retentionMs;
  private final LaneFence fence;
  private final BatchListener listener;
  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private final ViewKeeper viewKeeper;
  private volatile @Nullable Opened opened;

  private record Opened(Partitions partitions, BatchWriter writer, FillWriter filler) {}

  /**
   * Makes a closed storage; nothing is asked of the database.
   *
   * @param synchronousCommit whether an answer waits until the data is on disk
   * @param retentionMs how long samples are to be kept, in milliseconds, or {@link #FOREVER};
   *     empty: as the database says
   * @param connector a name that no other connector has, nor this one after a restart
   */
  public PgStorage(
      DataSource dataSource,
      SeriesCache cache,
      boolean synchronousCommit,
      OptionalLong retentionMs,
      String connector,
      BatchListener listener,
      InstantSource clock,
      LongSupplier nanoClock) {
    this.dataSource = dataSource;
    this.cache = cache;
    this.synchronousCommit = synchronousCommit;
    this.retentionMs = retentionMs;
    this.fence = new LaneFence(connector);
    this.listener = listener;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.viewKeeper = new ViewKeeper(dataSource);
  }

  /**
   * Migrates the schema and prepares partitions; then writes are taken. One thread at a time.
   *
   * @throws SchemaException if a person has to change something first
   * @throws SQLException if the database does not answer; try again
   */
  public void open() throws SQLException {
    new SchemaMigrator(dataSource).migrate();
    CatalogIncarnation incarnation = new CatalogIncarnation(cache);
    try (Connection connection = dataSource.getConnection()) {
      PgDriver.requireCopy(connection);
      incarnation.begin(connection);
      if (retentionMs.isPresent()) {
        adoptRetention(connection, retentionMs.getAsLong());
      }
    }
    Partitions partitions = Partitions.load(dataSource);
    partitions.ensureAhead(clock.instant());
    BatchPreparation preparation =
        new BatchPreparation(new SeriesCatalog(), cache, partitions, new MetadataStore(), listener);
    List<CommitGuard> guards = List.of(incarnation);
    BatchTransaction transaction =
        new BatchTransaction(synchronousCommit, guards, fence, listener, nanoClock);
    opened =
        new Opened(
            partitions,
            new BatchWriter(dataSource, preparation, fence, transaction, listener),
            new FillWriter(dataSource, preparation, fence, guards, FILL_LANES));
  }

  private static void adoptRetention(Connection connection, long ms) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT _prom_catalog.adopt_retention(?)")) {
      statement.setLong(1, ms);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        if (row.getBoolean(1)) {
          LOG.log(
              Level.INFO,
              "the default retention of the database was another one and is now as -metrics.retention"
                  + " says");
        }
      }
    }
  }

  /**
   * Checks what the fences of high availability rely on.
   *
   * @throws SchemaException if the pool's connections have another isolation level
   */
  public void requireReadCommitted() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      ServerCheck.requireReadCommitted(connection);
    }
  }

  /** Tells whether writes are taken. */
  public boolean isOpen() {
    return opened != null;
  }

  /** Makes partitions ahead of time; call it from a schedule. */
  public void keepPartitions() throws SQLException {
    Opened storage = opened;
    if (storage != null) {
      storage.partitions().ensureAhead(clock.instant());
    }
  }

  /** Makes the views of new metrics and labels; call it from a schedule. */
  public void keepViews() throws SQLException {
    if (isOpen()) {
      viewKeeper.refresh();
    }
  }

  @Override
  public void write(int writer, List<PendingBatch> group) {
    require().writer().write(writer, group);
  }

  /** Returns where batches go that may only fill holes. */
  public SampleBatcher.Store filling() {
    return (writer, group) -> require().filler().write(writer, group);
  }

  @Override
  public boolean isKnown(long timestampMs) {
    return require().partitions().isKnown(timestampMs);
  }

  @Override
  public long slotOf(long timestampMs) {
    return require().partitions().slotOf(timestampMs);
  }

  @Override
  public long retentionMs() {
    return require().partitions().retentionMs();
  }

  private Opened require() {
    Opened storage = opened;
    if (storage == null) {
      throw new IngestFailure(
          FailureKind.UNAVAILABLE,
          "cannot take a write yet: the database is not ready; see /-/ready");
    }
    return storage;
  }
}
