package org.promscale.ha;

import java.util.Arrays;

/** The worst of what was seen in the last five minutes, in steps of half a minute. Thread-safe. */
public final class LagWindow {

  private static final int STEPS = 10;
  private static final long STEP_MS = 30_000;

  private final long[] worst = new long[STEPS];
  private long step = Long.MIN_VALUE;

  /**
   * Adds a lag and returns the worst of the window.
   *
   * @param lagMs milliseconds, not negative
   * @param nowMs wall time; if it goes back the window starts anew
   */
  public synchronized long add(long lagMs, long nowMs) {
    long now = Math.floorDiv(nowMs, STEP_MS);
    if (step == Long.MIN_VALUE || now < step || now - step >= STEPS) {
      Arrays.fill(worst, 0);
    } else {
      for (long s = step + 1; s <= now; s++) {
        worst[(int) Math.floorMod(s, (long) STEPS)] = 0;
      }
    }
    step = now;
    int slot = (int) Math.floorMod(now, (long) STEPS);
    worst[slot] = Math.max(worst[slot], lagMs);
    return Arrays.stream(worst).max().orElse(0);
  }
}
