package org.promscale.ingest;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Seam;

/**
 * The changes of leader of which nobody has measured yet what they have cost. Calls block and fail
 * with {@link IngestFailure} UNAVAILABLE. Thread-safe.
 */
public interface TermLedger {

  /** Returns the terms that were not closed yet, and notes when they began to store. */
  List<NewTerm> open();

  /** Measures what is missing around the start of a term, in some of the cluster's series. */
  Seam measure(NewTerm term);

  /**
   * Writes down what was measured.
   *
   * @param holeMs the longest hole, null where it could not be measured
   * @return whether this call did so: of all connectors exactly one does
   */
  boolean close(NewTerm term, @Nullable Long holeMs);

  /**
   * A term that another leader has begun.
   *
   * @param before the leader of the term before
   * @param startMs data time, {@link org.promscale.ha.Lease#NO_TIME} where nothing was stored
   *     before
   * @param silenceMs how long the leader before had committed nothing
   * @param failoverMs from the last commit of the leader before to the first one of this term; null
   *     while either is missing
   * @param frontierMs how far the cluster is stored, data time
   * @param ageMs wall time since the decision
   * @param over whether it has ended
   * @param seamOpen whether holes before its start are still being filled
   */
  record NewTerm(
      long clusterId,
      int tenant,
      String cluster,
      long number,
      String before,
      String leader,
      long startMs,
      String cause,
      @Nullable String actor,
      @Nullable String reason,
      long silenceMs,
      @Nullable Long failoverMs,
      long frontierMs,
      long ageMs,
      boolean over,
      boolean seamOpen) {}
}
