package org.promscale.ha;

import java.util.List;

/**
 * What is known of who wrote the stored samples of a cluster. Samples themselves do not tell; but
 * within a term they are its leader's, except in patches. So two neighbours with neither a boundary
 * nor a patch between or around them have one author, and their distance is a scrape interval, or a
 * hole. The arrays belong to the record; nobody changes them.
 *
 * @param runningFromMs where the running term starts, from the view of others than its leader;
 *     {@link Long#MAX_VALUE} if none runs
 * @param fromMs starts of the stretches of time in which the author may change, exclusive: of a
 *     boundary itself, of a patch in which something was filled
 * @param toMs their ends, inclusive
 * @param open which of them are patches that are being filled still: for distances they do not
 *     count, their owner is at the holes that there are
 */
@SuppressWarnings("ArrayRecordComponent") // columns of one look, never compared
public record Authorship(long runningFromMs, long[] fromMs, long[] toMs, boolean[] open) {

  /** Returns what is known where only the start of the running term is. */
  public static Authorship runningFrom(long runningFromMs) {
    return of(runningFromMs, List.of());
  }

  /**
   * Returns what is known.
   *
   * @param borders the stretches of time in which the author may change
   */
  public static Authorship of(long runningFromMs, List<Border> borders) {
    boolean[] open = new boolean[borders.size()];
    for (int i = 0; i < open.length; i++) {
      open[i] = borders.get(i).open();
    }
    return new Authorship(
        runningFromMs,
        borders.stream().mapToLong(Border::fromMs).toArray(),
        borders.stream().mapToLong(Border::toMs).toArray(),
        open);
  }

  /**
   * A stretch of time in which the author may change.
   *
   * @param fromMs its start, exclusive; of a boundary itself
   * @param toMs its end, inclusive
   * @param open whether it is a patch that is being filled
   */
  public record Border(long fromMs, long toMs, boolean open) {}

  /** Tells whether two stored samples without another one between them have one author. */
  boolean isOne(long earlierMs, long laterMs) {
    for (int i = 0; i < fromMs.length; i++) {
      if (!open[i] && earlierMs <= toMs[i] && laterMs > fromMs[i]) {
        return false;
      }
    }
    return true;
  }

  /** Tells whether somebody else than the term's leader may have written a sample. */
  boolean mayBeFilled(long timeMs) {
    for (int i = 0; i < fromMs.length; i++) {
      if (timeMs > fromMs[i] && timeMs <= toMs[i]) {
        return true;
      }
    }
    return false;
  }
}
