package org.promscale.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.BatchSlicer;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Slices;
import org.promscale.ha.Standing;
import org.promscale.ha.Tallies;
import org.promscale.ha.Verdict;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Judges a request by who sent each series and when, and brings each part to where it belongs. If
 * leadership changes under a part, the request is judged again as a whole: what was stored already
 * is stored once, however often it comes.
 *
 * <p>Trouble of ours beats a standby's "come back later", which beats success. Thread-safe.
 */
public final class LeaderRouter implements BatchRouter {

  private static final int MOST_ATTEMPTS = 4;

  private final Leadership leadership;
  private final SampleSink sink;
  private final FillSink fillSink;
  private final HaListener listener;

  /** Joins the parts. */
  public LeaderRouter(
      Leadership leadership, SampleSink sink, FillSink fillSink, HaListener listener) {
    this.leadership = leadership;
    this.sink = sink;
    this.fillSink = fillSink;
    this.listener = listener;
  }

  @Override
  public CompletionStage<Void> route(WriteBatch batch, Rejections rejections, int bytes) {
    if (batch.identities().isEmpty()) {
      long items = batch.itemCount() - batch.metadata().size();
      return sink.store(batch, List.of(), bytes)
          .whenComplete((done, failure) -> unattributed(failure == null ? items : 0));
    }
    return attempt(new Request(batch, sendersWithData(batch), rejections, bytes), 1);
  }

  private record Request(
      WriteBatch batch,
      List<@Nullable ReplicaIdentity> senders,
      Rejections rejections,
      int bytes) {}

  /** A sender all of whose items were refused elects nobody. */
  private static List<@Nullable ReplicaIdentity> sendersWithData(WriteBatch batch) {
    boolean[] used = new boolean[batch.identities().size()];
    SeriesTable series = batch.series();
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      mark(used, series.identity(samples.series(i)));
    }
    for (HistogramSample histogram : batch.histograms()) {
      mark(used, series.identity(histogram.seriesRow()));
    }
    for (Exemplar exemplar : batch.exemplars()) {
      mark(used, series.identity(exemplar.seriesRow()));
    }
    List<@Nullable ReplicaIdentity> senders = new ArrayList<>();
    for (int i = 0; i < used.length; i++) {
      senders.add(used[i] ? batch.identities().get(i) : null);
    }
    return senders;
  }

  private static void mark(boolean[] used, int identity) {
    if (identity != SeriesTable.NO_IDENTITY) {
      used[identity] = true;
    }
  }

  private CompletionStage<Void> attempt(Request request, int number) {
    return leadership
        .standings(request.batch().tenant(), request.senders())
        .thenCompose(standings -> dispatch(request, standings, number));
  }

  private CompletionStage<Void> dispatch(
      Request request, List<@Nullable Standing> standings, int number) {
    Slices slices =
        BatchSlicer.slice(request.batch(), standings.toArray(new @Nullable Standing[0]));
    for (int i = 0; i < standings.size(); i++) {
      Standing standing = standings.get(i);
      if (standing != null) {
        leadership.saw(standing, slices.newestMs()[i]);
      }
    }
    Map<Integer, Integer> filled = new ConcurrentHashMap<>();
    return store(slices, request.bytes(), filled)
        .handle((done, failure) -> after(request, standings, slices, filled, failure, number))
        .thenCompose(next -> next);
  }

  /** Hands all parts over; notes how many samples of which sender have filled holes. */
  private CompletionStage<Void> store(Slices slices, int bytes, Map<Integer, Integer> filled) {
    List<CompletableFuture<?>> parts = new ArrayList<>();
    WriteBatch stored = slices.store();
    if (stored != null) {
      List<LeaseClaim> claims = slices.claims().stream().map(leadership::withWorstLag).toList();
      parts.add(sink.store(stored, claims, bytes).toCompletableFuture());
    }
    for (Slices.Fill fill : slices.fills()) {
      parts.add(
          fillSink
              .fill(fill.batch(), fill.order(), bytes)
              .thenAccept(items -> filled.merge(fill.identity(), items, Integer::sum))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(parts.toArray(new CompletableFuture<?>[0]));
  }

  private CompletionStage<Void> after(
      Request request,
      List<@Nullable Standing> standings,
      Slices slices,
      Map<Integer, Integer> filled,
      @Nullable Throwable failure,
      int number) {
    if (failure == null) {
      count(standings, slices, filled);
      unattributed(slices.tallies().unattributed());
      if (slices.tallies().anyHeld()) {
        return CompletableFuture.failedFuture(heldBack());
      }
      refuse(request, standings);
      return CompletableFuture.completedFuture(null);
    }
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof LeaseChanged changed) {
      listener.fenceLost();
      return again(request, changed.clusterIds(), number);
    }
    return CompletableFuture.failedFuture(cause);
  }

  private CompletionStage<Void> again(Request request, Set<Long> clusterIds, int number) {
    if (number == MOST_ATTEMPTS) {
      return CompletableFuture.failedFuture(
          new IngestFailure(
              FailureKind.UNAVAILABLE,
              "cannot store the request now: leadership of its cluster is changing"));
    }
    return leadership.refresh(clusterIds).thenCompose(done -> attempt(request, number + 1));
  }

  private static IngestFailure heldBack() {
    return new IngestFailure(
        FailureKind.HELD_BACK,
        "another replica leads this cluster and has not yet delivered these samples: keep them;"
            + " see /api/v1/ha/clusters");
  }

  private void unattributed(long items) {
    if (items > 0) {
      listener.unattributed(items);
    }
  }

  /** What was compared with stored samples and fitted nowhere was covered. */
  private void count(
      List<@Nullable Standing> standings, Slices slices, Map<Integer, Integer> filled) {
    Tallies tallies = slices.tallies();
    for (int i = 0; i < standings.size(); i++) {
      Standing standing = standings.get(i);
      if (standing != null) {
        long fitted = filled.getOrDefault(i, 0);
        long covered = tallies.count(i, Verdict.COVERED) + tallies.count(i, Verdict.FILL) - fitted;
        count(standing, Verdict.STORE, tallies.count(i, Verdict.STORE));
        count(standing, Verdict.FILL, fitted);
        count(standing, Verdict.COVERED, covered);
        count(standing, Verdict.HOLD, tallies.count(i, Verdict.HOLD));
      }
    }
  }

  private void count(Standing standing, Verdict verdict, long items) {
    if (items > 0) {
      listener.judged(standing, verdict, items);
    }
  }

  /** Senders without a standing belong to clusters beyond the limit. */
  private static void refuse(Request request, List<@Nullable Standing> standings) {
    List<@Nullable ReplicaIdentity> senders = request.senders();
    WriteBatch batch = request.batch();
    for (int i = 0; i < senders.size(); i++) {
      ReplicaIdentity sender = senders.get(i);
      if (sender != null && standings.get(i) == null) {
        request
            .rejections()
            .add(
                RejectReason.TOO_MANY_CLUSTERS,
                itemsOf(batch, i),
                () -> "cluster " + sender.cluster());
      }
    }
  }

  private static long itemsOf(WriteBatch batch, int identity) {
    SeriesTable series = batch.series();
    Samples samples = batch.samples();
    long items = 0;
    for (int i = 0; i < samples.size(); i++) {
      items += series.identity(samples.series(i)) == identity ? 1 : 0;
    }
    items +=
        batch.histograms().stream().filter(h -> series.identity(h.seriesRow()) == identity).count();
    return items
        + batch.exemplars().stream()
            .filter(e -> series.identity(e.seriesRow()) == identity)
            .count();
  }
}
