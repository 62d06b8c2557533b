package org.promscale.ha;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * How often a leader's data arrives: the second largest of the last 16 gaps between bursts of its
 * commits. The largest is left out because one late burst is no habit.
 *
 * <p>One of these watches one cluster through the looks of one connector. One thread.
 */
public final class Cadence {

  /** Commits within this time of a burst's first belong to it. */
  static final long BURST_MS = 3_000;

  /** Looks further apart than this have missed something: the gap between them counts for none. */
  static final long BLIND_MS = 2_500;

  /** Gaps that are remembered. */
  static final int REMEMBERED = 16;

  /** Fewer than this say nothing. */
  static final int NEEDED = 4;

  private long burstMs = Lease.NO_TIME;
  private long lookedAtMs = Lease.NO_TIME;
  private long commits = -1;

  /**
   * Looks at the leader's commits; returns a gap that ended, in milliseconds, or 0.
   *
   * @param now the leader's progress
   * @param nowMs wall time of the look, by the database's clock
   */
  public long look(Progress now, long nowMs) {
    boolean blind = lookedAtMs == Lease.NO_TIME || nowMs - lookedAtMs > BLIND_MS;
    boolean moved = now.commits() != commits && now.committedAtMs() != Lease.NO_TIME;
    lookedAtMs = nowMs;
    commits = now.commits();
    if (blind) {
      burstMs = Lease.NO_TIME;
      return 0;
    }
    if (!moved) {
      return 0;
    }
    long at = now.committedAtMs();
    if (burstMs == Lease.NO_TIME) {
      burstMs = at;
      return 0;
    }
    long gap = at - burstMs;
    if (gap <= BURST_MS) {
      return 0;
    }
    burstMs = at;
    return gap;
  }

  /** Forgets the current burst: another replica leads. */
  public void restart() {
    burstMs = Lease.NO_TIME;
    commits = -1;
  }

  /** Returns the gaps with one more, the oldest dropped. */
  public static List<Long> with(List<Long> gapsMs, long gapMs) {
    List<Long> more = new ArrayList<>(gapsMs);
    more.add(gapMs);
    return List.copyOf(more.subList(Math.max(0, more.size() - REMEMBERED), more.size()));
  }

  /** Returns the cadence in milliseconds, or empty where too few gaps are known. */
  public static OptionalLong of(List<Long> gapsMs) {
    int known = gapsMs.size();
    if (known < NEEDED) {
      return OptionalLong.empty();
    }
    return gapsMs.subList(Math.max(0, known - REMEMBERED), known).stream()
        .mapToLong(Long::longValue)
        .sorted()
        .skip(Math.min(known, REMEMBERED) - 2L)
        .findFirst();
  }
}
