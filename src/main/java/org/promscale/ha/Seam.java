package org.promscale.ha;

/**
 * What is missing from stored series around the start of a term, as measured in some of them.
 *
 * @param series in how many of them it was measured: those with samples on both sides
 * @param holeMs the longest stretch that is missing from one of them: a distance of two spacings or
 *     more, less one spacing; 0 where there is none
 * @param spacingMs the largest spacing among them: before twice of it has passed in the new term,
 *     nothing can be said
 */
public record Seam(int series, long holeMs, long spacingMs) {

  /** Nothing was measured. */
  public static final Seam UNKNOWN = new Seam(0, 0, 0);

  /** So many are needed to tell how often a series is scraped. */
  private static final int LEAST_SAMPLES = 4;

  /**
   * Adds what one more series shows.
   *
   * @param stored what is stored of it: some time before the start and the next samples after it
   * @param startMs start of the term
   * @param oldestMs the oldest sample known of any series of the cluster. A series that begins
   *     later than that and not long before the term was not the old leader's, a standby's own
   *     target for instance: what is missing from it, no change of leader has cost.
   */
  public Seam with(StoredTimes stored, long startMs, long oldestMs) {
    long[] times = stored.timesMs();
    int last = times.length - 1;
    if (times.length < LEAST_SAMPLES) {
      return this;
    }
    long spacing = HoleFinder.median(times);
    if (times[0] > startMs || times[last] <= startMs) {
      // It has ended, begins only now, or goes on a little later.
      return new Seam(series, holeMs, Math.max(spacingMs, spacing));
    }
    if (times[0] > Math.max(oldestMs, startMs - Settling.MOST_MS) + 2 * spacing) {
      return new Seam(series, holeMs, Math.max(spacingMs, spacing));
    }
    long hole = holeMs;
    for (int i = 1; i <= last; i++) {
      long distance = times[i] - times[i - 1];
      boolean near = times[i] > startMs - Settling.MOST_MS;
      if (near && !stored.stale()[i - 1] && distance >= 2 * spacing) {
        hole = Math.max(hole, distance - spacing);
      }
    }
    return new Seam(series + 1, hole, Math.max(spacingMs, spacing));
  }
}
