package org.promscale.ha;

/** Items of one request, counted by sender and verdict. One thread. */
public final class Tallies {

  private final long[] stored;
  private final long[] filled;
  private final long[] covered;
  private final long[] held;
  private final long[] pushedBack;
  private long unattributed;

  Tallies(int identities) {
    stored = new long[identities];
    filled = new long[identities];
    covered = new long[identities];
    held = new long[identities];
    pushedBack = new long[identities];
  }

  void add(int identity, Verdict verdict, long items) {
    of(verdict)[identity] += items;
  }

  /**
   * Returns the number of a sender's items with this verdict; FILL and PATCH are counted together.
   *
   * @param identity position in the batch's list of identities
   */
  public long count(int identity, Verdict verdict) {
    return of(verdict)[identity];
  }

  void addUnattributed() {
    unattributed++;
  }

  /** Returns the number of items whose series belong to no cluster; they are stored. */
  public long unattributed() {
    return unattributed;
  }

  /** Tells whether anything has to come back later. */
  public boolean anyPushedBack() {
    return isPositive(pushedBack);
  }

  /** Tells whether anything is the leader's and stored in bulk. */
  public boolean anyStored() {
    return isPositive(stored);
  }

  private static boolean isPositive(long[] counts) {
    for (long count : counts) {
      if (count > 0) {
        return true;
      }
    }
    return false;
  }

  private long[] of(Verdict verdict) {
    return switch (verdict) {
      case STORE -> stored;
      case FILL, PATCH -> filled;
      case COVERED -> covered;
      case HOLD -> held;
      case PUSH_BACK -> pushedBack;
    };
  }
}
