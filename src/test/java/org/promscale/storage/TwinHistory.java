package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.LeasePolicy;
import org.promscale.ha.Sighting;

/** What the twin knows of one cluster, for judges. */
public final class TwinHistory {

  /** A term; its samples have startMs &lt; time &lt;= endMs; it was decided at a true time. */
  public record Term(
      long number,
      String leader,
      long startMs,
      long endMs,
      String cause,
      long decidedAtMs,
      long sealMs) {}

  /**
   * A patch; its samples have startMs &lt; time &lt;= endMs; it was opened and closed at true
   * times.
   */
  public record Patch(String replica, long startMs, long endMs, long trueOpenMs, long trueCloseMs) {

    /** Tells whether it allows this sample. */
    public boolean allows(String author, long timeMs) {
      return replica.equals(author) && timeMs > startMs && timeMs <= endMs;
    }
  }

  private final TwinDatabase db;
  private final @Nullable TwinCluster cluster;

  /** Looks at a cluster. */
  public TwinHistory(TwinDatabase db, String name) {
    this.db = db;
    TwinCluster found = null;
    for (TwinCluster one : db.clusters()) {
      if (one.name.equals(name)) {
        found = one;
      }
    }
    this.cluster = found;
  }

  /** Returns who leads, or nothing if nobody does. */
  public String leader() {
    return cluster == null ? "" : cluster.leader;
  }

  /** Tells whether a term of it was committed and lost again. */
  public boolean hasLostTerm() {
    return cluster != null && db.hasLostTerm(cluster.name);
  }

  /** Returns the number of commits of all times. */
  public long commits() {
    return cluster == null ? 0 : cluster.progress(db.nowMs()).commits();
  }

  /** Returns the number of the current term. */
  public String cause() {
    return cluster == null ? "" : cluster.terms.get(cluster.terms.size() - 1).cause();
  }

  /** Returns the number of the current term, 0 if there is none. */
  public long term() {
    return cluster == null ? 0 : cluster.term;
  }

  /** Returns the frontier of the current term. */
  public long frontierMs() {
    return cluster == null ? Lease.NO_TIME : cluster.progress(db.nowMs()).frontierMs();
  }

  /** Returns how long ago a request of the leader was seen, by the database's clock. */
  public long leaderSeenAgoMs() {
    if (cluster == null) {
      return Long.MAX_VALUE;
    }
    Sighting seen = cluster.sightings.get(cluster.leader);
    return seen == null ? Long.MAX_VALUE : db.nowMs() - seen.lastSeenMs();
  }

  /** Returns the timeout in force. */
  public long timeoutMs(LeasePolicy policy) {
    if (cluster == null) {
      return 0;
    }
    ClusterState state = cluster.read(Set.of(cluster.fence), db.nowMs());
    return policy.timeoutMs(state.lease(), state.recentChanges());
  }

  /** Returns everything a connector would read now; null if there is no such cluster. */
  public @Nullable ClusterState state() {
    return cluster == null ? null : cluster.read(Set.of(cluster.fence), db.nowMs());
  }

  /** Returns all terms. */
  public List<Term> terms() {
    List<Term> terms = new ArrayList<>();
    if (cluster != null) {
      for (TwinCluster.TermRow row : cluster.terms) {
        terms.add(
            new Term(
                row.number(),
                row.leader(),
                row.startMs(),
                row.endMs(),
                row.cause(),
                row.trueMs(),
                row.sealMs()));
      }
    }
    return terms;
  }

  /** Returns all patches. */
  public List<Patch> patches() {
    List<Patch> patches = new ArrayList<>();
    if (cluster != null) {
      for (TwinCluster.PatchRow row : cluster.patches) {
        patches.add(
            new Patch(row.replica, row.startMs, row.endMs, row.trueOpenMs, row.trueCloseMs));
      }
    }
    return patches;
  }

  /** Returns the committed samples of a series. */
  public NavigableMap<Long, TwinDatabase.Stored> samples(long seriesId) {
    return db.samples(seriesId);
  }
}
