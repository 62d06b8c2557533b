package org.promscale.ha;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Cuts a request by the verdicts on its samples. A request of one sender whose samples share one
 * verdict, the usual one, is not copied. For one request, one thread; the batch is not changed.
 */
public final class BatchSlicer {

  private final WriteBatch batch;
  private final @Nullable Standing[] standings;
  private final Tallies tallies;
  private final long[] newestStoredMs;
  private final long[] newestSentMs;
  private @Nullable BatchPart store;
  private final List<Map<Verdict, BatchPart>> fills = new ArrayList<>();

  private BatchSlicer(WriteBatch batch, @Nullable Standing[] standings) {
    this.batch = batch;
    this.standings = standings;
    int senders = standings.length;
    this.tallies = new Tallies(senders);
    this.newestStoredMs = new long[senders];
    this.newestSentMs = new long[senders];
    Arrays.fill(newestStoredMs, Lease.NO_TIME);
    Arrays.fill(newestSentMs, Lease.NO_TIME);
    for (int i = 0; i < senders; i++) {
      fills.add(new EnumMap<>(Verdict.class));
    }
  }

  /**
   * Cuts a request.
   *
   * @param standings one for each of the batch's identities; null for one whose data is to be left
   *     out
   */
  public static Slices slice(WriteBatch batch, @Nullable Standing[] standings) {
    BatchSlicer slicer = new BatchSlicer(batch, standings);
    Slices whole = slicer.whole();
    return whole != null ? whole : slicer.cut();
  }

  /** The quick way: one sender, one verdict. */
  private @Nullable Slices whole() {
    Standing standing = standings.length == 1 ? standings[0] : null;
    Samples samples = batch.samples();
    if (standing == null || samples.size() == 0 || !isOnlySender(batch.series())) {
      return null;
    }
    long oldest = Long.MAX_VALUE;
    long newest = Long.MIN_VALUE;
    for (int i = 0; i < samples.size(); i++) {
      oldest = Math.min(oldest, samples.timestampMs(i));
      newest = Math.max(newest, samples.timestampMs(i));
    }
    for (HistogramSample histogram : batch.histograms()) {
      oldest = Math.min(oldest, histogram.timestampMs());
      newest = Math.max(newest, histogram.timestampMs());
    }
    newestSentMs[0] = newest;
    newestStoredMs[0] = newest;
    for (Exemplar exemplar : batch.exemplars()) {
      oldest = Math.min(oldest, exemplar.timestampMs());
      newest = Math.max(newest, exemplar.timestampMs());
    }
    Verdict verdict = standing.sharedVerdict(oldest, newest);
    if (verdict == null) {
      return null;
    }
    tallies.add(0, verdict, batch.itemCount() - batch.metadata().size());
    if (verdict == Verdict.STORE) {
      return new Slices(batch, claims(), List.of(), tallies, newestSentMs);
    }
    newestStoredMs[0] = Lease.NO_TIME;
    return new Slices(metadataOnly(), List.of(), List.of(), tallies, newestSentMs);
  }

  private static boolean isOnlySender(SeriesTable series) {
    for (int row = 0; row < series.size(); row++) {
      if (series.identity(row) != 0) {
        return false;
      }
    }
    return true;
  }

  private Slices cut() {
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      BatchPart part = part(samples.series(i), samples.timestampMs(i), true);
      if (part != null) {
        part.addSample(i);
      }
    }
    for (HistogramSample histogram : batch.histograms()) {
      BatchPart part = part(histogram.seriesRow(), histogram.timestampMs(), true);
      if (part != null) {
        part.add(histogram);
      }
    }
    for (Exemplar exemplar : batch.exemplars()) {
      BatchPart part = part(exemplar.seriesRow(), exemplar.timestampMs(), false);
      if (part != null) {
        part.add(exemplar);
      }
    }
    BatchPart stored = store;
    List<Slices.Fill> orders = new ArrayList<>();
    for (int i = 0; i < standings.length; i++) {
      Standing standing = standings[i];
      if (standing != null) {
        for (Map.Entry<Verdict, BatchPart> fill : fills.get(i).entrySet()) {
          orders.add(fill(i, standing, fill.getKey(), fill.getValue().build(List.of())));
        }
      }
    }
    return new Slices(
        stored == null ? metadataOnly() : stored.build(batch.metadata()),
        claims(),
        orders,
        tallies,
        newestSentMs);
  }

  /** Returns the part that takes an item, or null if nobody stores it. */
  private @Nullable BatchPart part(int row, long timestampMs, boolean moves) {
    int sender = batch.series().identity(row);
    if (sender == SeriesTable.NO_IDENTITY) {
      tallies.addUnattributed();
      return store();
    }
    Standing standing = standings[sender];
    if (standing == null) {
      return null;
    }
    Verdict verdict = standing.verdict(timestampMs);
    tallies.add(sender, verdict, 1);
    if (moves) {
      newestSentMs[sender] = Math.max(newestSentMs[sender], timestampMs);
    }
    return switch (verdict) {
      case STORE -> {
        if (moves) {
          newestStoredMs[sender] = Math.max(newestStoredMs[sender], timestampMs);
        }
        yield store();
      }
      case FILL, PATCH -> fills.get(sender).computeIfAbsent(verdict, v -> new BatchPart(batch));
      case COVERED, HOLD -> null;
    };
  }

  private BatchPart store() {
    BatchPart part = store;
    if (part == null) {
      part = new BatchPart(batch);
      store = part;
    }
    return part;
  }

  /** Two replicas of one cluster cannot both store, so there is one claim per cluster. */
  private List<LeaseClaim> claims() {
    List<LeaseClaim> claims = new ArrayList<>();
    for (int i = 0; i < standings.length; i++) {
      Standing standing = standings[i];
      if (standing != null && tallies.count(i, Verdict.STORE) > 0) {
        ClusterState state = standing.state();
        long newest = newestStoredMs[i];
        long frontier = state.progress().frontierMs();
        long lag =
            newest == Lease.NO_TIME || frontier == Lease.NO_TIME
                ? 0
                : Math.max(0, frontier - newest);
        claims.add(new LeaseClaim(state.clusterId(), state.lease().fence(), newest, lag));
      }
    }
    return claims;
  }

  private static Slices.Fill fill(
      int identity, Standing standing, Verdict verdict, WriteBatch part) {
    ClusterState state = standing.state();
    long patchId =
        verdict == Verdict.PATCH
            ? state.openPatches().stream()
                .filter(p -> p.replica().equals(standing.replica()))
                .mapToLong(Patch::id)
                .findFirst()
                .orElse(0)
            : 0;
    return new Slices.Fill(
        identity,
        part,
        new FillOrder(state.clusterId(), state.lease().fence(), patchId, standing.leads()));
  }

  private @Nullable WriteBatch metadataOnly() {
    return batch.metadata().isEmpty() ? null : new BatchPart(batch).build(batch.metadata());
  }
}
