package org.promscale.ingest;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to the leadership of a cluster, newest first, from the database. All times are
 * milliseconds since 1970; {@link Long#MIN_VALUE} and {@link Long#MAX_VALUE} stand for no beginning
 * and no end. Calls block, return empty for an unknown cluster, and fail with {@link IngestFailure}
 * UNAVAILABLE. Thread-safe.
 */
public interface LeaseHistory {

  /** Returns so many of its latest terms. */
  Optional<List<TermEntry>> terms(int tenant, String cluster, int limit);

  /** Returns so many of its latest patches. */
  Optional<List<PatchEntry>> patches(int tenant, String cluster, int limit);

  /** Returns so many of the latest actions of operators on it. */
  Optional<List<ActionEntry>> actions(int tenant, String cluster, int limit);

  /**
   * A term.
   *
   * @param startMs data time
   * @param endMs data time
   * @param cause why it began
   * @param actor who wanted it, null where nobody did
   * @param holeMs the longest hole around its start, null where that was not measured
   * @param silenceMs how long the leader before had been silent, null where that was not noted
   * @param failoverMs from the last commit of the leader before to its first one, null likewise
   * @param decidedAtMs wall time
   */
  record TermEntry(
      long term,
      String leader,
      long startMs,
      long endMs,
      String cause,
      @Nullable String actor,
      @Nullable String reason,
      @Nullable Long holeMs,
      @Nullable Long silenceMs,
      @Nullable Long failoverMs,
      long decidedAtMs) {}

  /**
   * A stretch in which a replica filled holes.
   *
   * @param startMs data time
   * @param endMs data time
   * @param opensAtMs wall time from which on it filled
   * @param openUntilMs wall time until which it did
   */
  record PatchEntry(
      String replica,
      String cause,
      long startMs,
      long endMs,
      long samplesFilled,
      long openedAtMs,
      long opensAtMs,
      long openUntilMs) {}

  /**
   * What an operator did.
   *
   * @param atMs wall time
   * @param expiresMs wall time at which a pin ends
   * @param term the one that was current afterwards
   */
  record ActionEntry(
      long atMs,
      String action,
      @Nullable String replica,
      String actor,
      String reason,
      boolean forced,
      long expiresMs,
      long term) {}
}
