package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.BatchListener;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * What a group needs before its rows can be stored: ids for new series, partitions, metadata. Each
 * in short transactions of its own: what is left over from a group that fails afterwards is
 * harmless. Thread-safe.
 */
public final class BatchPreparation {

  private final SeriesCatalog catalog;
  private final SeriesCache cache;
  private final Partitions partitions;
  private final LateRows lateRows;
  private final MetadataStore metadataStore;
  private final BatchListener listener;

  /** Joins the parts. */
  public BatchPreparation(
      SeriesCatalog catalog,
      SeriesCache cache,
      Partitions partitions,
      MetadataStore metadataStore,
      BatchListener listener) {
    this.catalog = catalog;
    this.cache = cache;
    this.partitions = partitions;
    this.lateRows = new LateRows(partitions);
    this.metadataStore = metadataStore;
    this.listener = listener;
  }

  /** A hash, as a key while ids are being asked for. */
  private record Key(long high, long low) {}

  /** Series of one tenant that the catalog must be asked about, each once. */
  private static final class NewSeries {
    private final Map<Key, Integer> positions = new HashMap<>();
    private final List<Labels> labels = new ArrayList<>();
  }

  /** Prepares a group; the connection is between transactions before and after. */
  void prepare(Connection connection, List<PendingBatch> group) throws SQLException {
    registerSeries(connection, group);
    Set<Long> slots = new TreeSet<>();
    Map<Integer, List<MetricMetadata>> metadata = new HashMap<>();
    for (PendingBatch pending : group) {
      WriteBatch batch = pending.batch();
      collectSlots(batch, slots);
      if (!batch.metadata().isEmpty()) {
        metadata.computeIfAbsent(batch.tenant(), t -> new ArrayList<>()).addAll(batch.metadata());
      }
    }
    if (!slots.isEmpty()) {
      partitions.ensure(slots);
    }
    for (Map.Entry<Integer, List<MetricMetadata>> entry : metadata.entrySet()) {
      metadataStore.upsert(connection, entry.getKey(), entry.getValue());
    }
  }

  /** Returns who knows which requests are late. */
  LateRows lateRows() {
    return lateRows;
  }

  /** What memory knows of partitions is wrong: look again. */
  void partitionsChanged() throws SQLException {
    partitions.reload();
  }

  private void registerSeries(Connection connection, List<PendingBatch> group) throws SQLException {
    Map<Integer, NewSeries> byTenant = new HashMap<>();
    long epoch = cache.epoch();
    for (PendingBatch pending : group) {
      SeriesTable series = pending.batch().series();
      if (series.unknownCount() > 0) {
        series.idsAreOf(epoch);
        collect(series, byTenant.computeIfAbsent(pending.batch().tenant(), t -> new NewSeries()));
      }
    }
    for (Map.Entry<Integer, NewSeries> entry : byTenant.entrySet()) {
      NewSeries wanted = entry.getValue();
      if (wanted.labels.isEmpty()) {
        continue; // another batch has filled the cache meanwhile
      }
      long[] ids = catalog.register(connection, entry.getKey(), wanted.labels);
      listener.registered(ids.length);
      wanted.positions.forEach((key, i) -> cache.put(key.high(), key.low(), ids[i], epoch));
      for (PendingBatch pending : group) {
        if (pending.batch().tenant() == entry.getKey()) {
          assign(pending.batch().series(), wanted, ids);
        }
      }
    }
  }

  private void collect(SeriesTable series, NewSeries wanted) {
    for (int row = 0; row < series.size(); row++) {
      if (series.id(row) != SeriesTable.UNKNOWN_ID) {
        continue;
      }
      long cached = cache.resolve(series.hashHigh(row), series.hashLow(row));
      if (cached != SeriesTable.UNKNOWN_ID) {
        series.assignId(row, cached);
        continue;
      }
      Labels labels = series.labels(row);
      if (labels == null) {
        throw new IllegalStateException("a series without id has no labels");
      }
      Key key = new Key(series.hashHigh(row), series.hashLow(row));
      if (wanted.positions.putIfAbsent(key, wanted.labels.size()) == null) {
        wanted.labels.add(labels);
      }
    }
  }

  private static void assign(SeriesTable series, NewSeries wanted, long[] ids) {
    for (int row = 0; row < series.size() && series.unknownCount() > 0; row++) {
      if (series.id(row) == SeriesTable.UNKNOWN_ID) {
        @Nullable Integer position =
            wanted.positions.get(new Key(series.hashHigh(row), series.hashLow(row)));
        if (position == null) {
          throw new IllegalStateException("a series was not asked for");
        }
        series.assignId(row, ids[position]);
      }
    }
  }

  private void collectSlots(WriteBatch batch, Set<Long> slots) {
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      addSlot(samples.timestampMs(i), slots);
    }
    for (HistogramSample histogram : batch.histograms()) {
      addSlot(histogram.timestampMs(), slots);
    }
    for (Exemplar exemplar : batch.exemplars()) {
      addSlot(exemplar.timestampMs(), slots);
    }
  }

  private void addSlot(long timestampMs, Set<Long> slots) {
    if (!partitions.isKnown(timestampMs)) {
      slots.add(partitions.slotOf(timestampMs));
    }
  }
}
