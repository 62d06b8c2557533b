package org.promscale.ingest;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Lease;
import org.promscale.ha.Seam;

/**
 * Measures what each change of leader has cost once its seam is filled, and writes one line for it
 * into the log of one connector. Thread-safe.
 */
public final class LeaderChangeLog {

  private static final Logger LOG = System.getLogger(LeaderChangeLog.class.getName());

  /** A change whose new leader stores nothing, or whose seam stays open, is told nevertheless. */
  private static final long TOLD_MS = Duration.ofMinutes(2).toMillis();

  /** Series that are scraped so seldom are not waited for. */
  private static final long MEASURED_MS = Duration.ofMinutes(15).toMillis();

  private record Key(long clusterId, long term) {}

  private final TermLedger ledger;
  private final Executor executor;
  private final HaListener listener;
  private final AtomicBoolean running = new AtomicBoolean();

  /** Data time that a frontier must have reached before its term can be measured. */
  private final Map<Key, Long> waiting = new HashMap<>();

  /**
   * Joins the parts.
   *
   * @param executor runs what asks the database; measuring takes longer than a look may
   */
  public LeaderChangeLog(TermLedger ledger, Executor executor, HaListener listener) {
    this.ledger = ledger;
    this.executor = executor;
    this.listener = listener;
  }

  /** Looks once, on another thread. Call it every second while the connector is ready. */
  public void look() {
    if (!running.compareAndSet(false, true)) {
      return;
    }
    try {
      executor.execute(this::run);
    } catch (RejectedExecutionException e) {
      running.set(false); // the connector stops
    }
  }

  private void run() {
    try {
      List<TermLedger.NewTerm> open = ledger.open();
      waiting
          .keySet()
          .removeIf(
              k -> open.stream().noneMatch(t -> k.equals(new Key(t.clusterId(), t.number()))));
      open.forEach(this::tellIfDue);
    } catch (IngestFailure e) {
      LOG.log(Level.DEBUG, "cannot measure changes of leader yet", e);
    } finally {
      running.set(false);
    }
  }

  private void tellIfDue(TermLedger.NewTerm term) {
    boolean filled = !term.seamOpen() && term.failoverMs() != null;
    Key key = new Key(term.clusterId(), term.number());
    if (!term.over() && term.ageMs() < TOLD_MS && !filled) {
      return;
    }
    boolean late = term.over() || term.ageMs() >= MEASURED_MS;
    if (!late && term.frontierMs() < waiting.getOrDefault(key, Lease.NO_TIME)) {
      return;
    }
    Seam seam = term.startMs() == Lease.NO_TIME ? Seam.UNKNOWN : ledger.measure(term);
    if (!late && filled && term.startMs() != Lease.NO_TIME) {
      long enoughMs = term.startMs() + 2 * seam.spacingMs();
      if (term.frontierMs() < enoughMs) {
        waiting.put(key, enoughMs);
        return;
      }
    }
    Long holeMs = seam.series() == 0 ? null : seam.holeMs();
    if (ledger.close(term, holeMs)) {
      listener.changeMeasured(term.cluster(), term.cause(), term.failoverMs(), holeMs);
      tell(term, holeMs);
    }
  }

  private static void tell(TermLedger.NewTerm term, @Nullable Long holeMs) {
    Long failoverMs = term.failoverMs();
    String actor = term.actor();
    LOG.log(
        holeMs != null && holeMs > 0 ? Level.WARNING : Level.INFO,
        "cluster {0}: leader {1} -> {2}, term {3}, {4}{5}; {1} is stored until {6}, {2} from there"
            + " on; {1} had been silent for {7} s; {8}, {9}",
        OneLine.of(term.cluster(), 200),
        OneLine.of(term.before(), 200),
        OneLine.of(term.leader(), 200),
        Long.toString(term.number()),
        term.cause(),
        actor == null
            ? ""
            : " by "
                + OneLine.of(actor, 100)
                + " ("
                + OneLine.of(term.reason() == null ? "" : term.reason(), 200)
                + ")",
        term.startMs() == Lease.NO_TIME ? "never" : Instant.ofEpochMilli(term.startMs()),
        Long.toString(term.silenceMs() / 1_000),
        failoverMs == null
            ? OneLine.of(term.leader(), 200) + " has stored nothing yet"
            : "nothing was stored for " + seconds(failoverMs),
        holeMs == null
            ? "holes not measured"
            : holeMs == 0 ? "no hole is left" : "a hole of " + seconds(holeMs) + " is left");
  }

  private static String seconds(long ms) {
    return ms / 1_000 + "." + ms % 1_000 / 100 + " s";
  }
}
