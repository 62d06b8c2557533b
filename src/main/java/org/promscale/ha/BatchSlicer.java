package org.promscale.ha;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private final boolean sendersOnly;
  private final long salt;
  private final Tallies tallies;
  private final long[] newestStoredMs;
  private final long[] newestSentMs;
  private @Nullable BatchPart store;
  private final List<Map<Verdict, BatchPart>> fills = new ArrayList<>();
  private final @Nullable HeldPart[] held;

  private BatchSlicer(
      WriteBatch batch, @Nullable Standing[] standings, boolean sendersOnly, long salt) {
    this.batch = batch;
    this.standings = standings;
    this.sendersOnly = sendersOnly;
    this.salt = salt;
    this.held = new @Nullable HeldPart[standings.length];
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
   * @param salt any number, another one for each request: samples to be looked for are drawn by it
   */
  public static Slices slice(WriteBatch batch, @Nullable Standing[] standings, long salt) {
    BatchSlicer slicer = new BatchSlicer(batch, standings, false, salt);
    Slices whole = slicer.whole();
    return whole != null ? whole : slicer.cut();
  }

  /** Cuts a request that was held: like {@link #slice}, but nothing without a sender is left. */
  public static Slices sliceHeld(WriteBatch batch, @Nullable Standing[] standings, long salt) {
    return new BatchSlicer(batch, standings, true, salt).cut();
  }

  /**
   * Describes what one sender's part of a request holds, whatever becomes of it.
   *
   * @param identity the sender, as a position in the batch's list of identities
   * @param salt as above
   * @return empty if there is nothing of that sender
   */
  public static Optional<Slices.Held> describe(WriteBatch batch, int identity, long salt) {
    HeldPart part = new HeldPart(batch, salt);
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      if (batch.series().identity(samples.series(i)) == identity) {
        part.addSample(i);
      }
    }
    for (HistogramSample histogram : batch.histograms()) {
      if (batch.series().identity(histogram.seriesRow()) == identity) {
        part.add(histogram);
      }
    }
    for (Exemplar exemplar : batch.exemplars()) {
      if (batch.series().identity(exemplar.seriesRow()) == identity) {
        part.add(exemplar);
      }
    }
    Slices.Held held = part.build(identity);
    return held.items() == 0 ? Optional.empty() : Optional.of(held);
  }

  /** The quick way: one sender, who leads. */
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
    long newestMoving = newest;
    for (Exemplar exemplar : batch.exemplars()) {
      oldest = Math.min(oldest, exemplar.timestampMs());
      newest = Math.max(newest, exemplar.timestampMs());
    }
    if (standing.sharedVerdict(oldest, newest) != Verdict.STORE) {
      return null;
    }
    newestSentMs[0] = newestMoving;
    newestStoredMs[0] = newestMoving;
    tallies.add(0, Verdict.STORE, batch.itemCount() - batch.metadata().size());
    return new Slices(batch, claims(), List.of(), List.of(), tallies, newestSentMs);
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
      ItemTaker taker = taker(samples.series(i), samples.timestampMs(i), true);
      if (taker != null) {
        taker.addSample(i);
      }
    }
    for (HistogramSample histogram : batch.histograms()) {
      ItemTaker taker = taker(histogram.seriesRow(), histogram.timestampMs(), true);
      if (taker != null) {
        taker.add(histogram);
      }
    }
    for (Exemplar exemplar : batch.exemplars()) {
      ItemTaker taker = taker(exemplar.seriesRow(), exemplar.timestampMs(), false);
      if (taker != null) {
        taker.add(exemplar);
      }
    }
    return slices();
  }

  private Slices slices() {
    BatchPart stored = store;
    List<Slices.Held> kept = new ArrayList<>(0);
    List<Slices.Fill> orders = new ArrayList<>();
    for (int i = 0; i < standings.length; i++) {
      Standing standing = standings[i];
      if (standing != null) {
        for (Map.Entry<Verdict, BatchPart> fill : fills.get(i).entrySet()) {
          orders.add(fill(i, standing, fill.getKey(), fill.getValue().build(List.of())));
        }
      }
      HeldPart part = held[i];
      if (part != null) {
        kept.add(part.build(i));
      }
    }
    return new Slices(
        stored == null ? metadataOnly() : stored.build(sendersOnly ? List.of() : batch.metadata()),
        claims(),
        orders,
        kept,
        tallies,
        newestSentMs);
  }

  /** Returns who stores or keeps an item, or null if nobody does. */
  private @Nullable ItemTaker taker(int row, long timestampMs, boolean moves) {
    int sender = batch.series().identity(row);
    if (sender == SeriesTable.NO_IDENTITY) {
      if (sendersOnly) {
        return null;
      }
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
      case HOLD -> keeper(sender);
      case COVERED, PUSH_BACK -> null;
    };
  }

  private HeldPart keeper(int sender) {
    HeldPart part = held[sender];
    if (part == null) {
      part = new HeldPart(batch, salt + sender);
      held[sender] = part;
    }
    return part;
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
    return sendersOnly || batch.metadata().isEmpty()
        ? null
        : new BatchPart(batch).build(batch.metadata());
  }
}
