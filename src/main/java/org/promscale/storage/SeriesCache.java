package org.promscale.storage;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.SeriesTable;

/**
 * Ids of the series this connector has met, by keyed hash. Bounded: entries live in a young and an
 * old generation; when the young one is full it becomes the old one, and what nobody asked for
 * since is forgotten. So the most recently used {@code maxEntries} series are always here, and at
 * most twice as many in all.
 *
 * <p>Thread-safe. Reads take no lock unless a write runs on the same stripe at that moment.
 */
public final class SeriesCache implements SeriesResolver {

  private static final int STRIPES = 16;

  private final Stripe[] stripes = new Stripe[STRIPES];
  private final AtomicLong epoch = new AtomicLong();

  /**
   * Makes an empty cache. An entry takes 24 bytes, in tables that are between a third and two
   * thirds full.
   */
  public SeriesCache(int maxEntries) {
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe(Math.max(16, maxEntries / STRIPES));
    }
  }

  @Override
  public long resolve(long hashHigh, long hashLow) {
    return stripe(hashHigh).resolve(hashHigh, hashLow);
  }

  /**
   * Returns a number that grows whenever the cache is emptied. Read it before asking the database
   * for ids.
   */
  @Override
  public long epoch() {
    return epoch.get();
  }

  /** Remembers an id, unless the cache was emptied after {@code epochOfId} was read. */
  public void put(long hashHigh, long hashLow, long id, long epochOfId) {
    stripe(hashHigh).put(hashHigh, hashLow, id, epoch, epochOfId);
  }

  /**
   * Forgets everything: the ids are not to be trusted any more. Counts before, so that nothing is
   * put any more that was found earlier, and after, so that what was still found meanwhile is known
   * to be of before.
   */
  public void clear() {
    epoch.incrementAndGet();
    for (Stripe stripe : stripes) {
      stripe.clear();
    }
    epoch.incrementAndGet();
  }

  /** Returns the number of entries, at some moment during the call. */
  public long size() {
    long size = 0;
    for (Stripe stripe : stripes) {
      size += stripe.size();
    }
    return size;
  }

  private Stripe stripe(long hashHigh) {
    return stripes[(int) (hashHigh >>> 60)];
  }

  private static final class Stripe {
    private final int maxYoung;
    private final StampedLock lock = new StampedLock();
    private Generation young = new Generation();
    private @Nullable Generation old;

    Stripe(int maxYoung) {
      this.maxYoung = maxYoung;
    }

    long resolve(long high, long low) {
      long stamp = lock.tryOptimisticRead();
      Generation recent = young;
      Generation former = old;
      long id = recent.get(high, low);
      boolean promote = false;
      if (id == SeriesTable.UNKNOWN_ID && former != null) {
        id = former.get(high, low);
        promote = id != SeriesTable.UNKNOWN_ID;
      }
      if (stamp == 0 || !lock.validate(stamp)) {
        stamp = lock.readLock();
        try {
          id = young.get(high, low);
          promote = false;
          if (id == SeriesTable.UNKNOWN_ID && old != null) {
            id = old.get(high, low);
            promote = id != SeriesTable.UNKNOWN_ID;
          }
        } finally {
          lock.unlockRead(stamp);
        }
      }
      if (promote) {
        promote(high, low);
      }
      return id;
    }

    /** Under the lock, which clearing takes after it has counted: or the id would outlive it. */
    void put(long high, long low, long id, AtomicLong epoch, long epochOfId) {
      long stamp = lock.writeLock();
      try {
        if (epoch.get() == epochOfId) {
          insert(high, low, id);
        }
      } finally {
        lock.unlockWrite(stamp);
      }
    }

    /** Looks again: what the reader saw may have been cleared meanwhile. */
    private void promote(long high, long low) {
      long stamp = lock.writeLock();
      try {
        long id = old == null ? SeriesTable.UNKNOWN_ID : old.get(high, low);
        if (id != SeriesTable.UNKNOWN_ID) {
          insert(high, low, id);
        }
      } finally {
        lock.unlockWrite(stamp);
      }
    }

    private void insert(long high, long low, long id) {
      if (young.size >= maxYoung) {
        old = young;
        young = new Generation();
      }
      young.put(high, low, id);
    }

    void clear() {
      long stamp = lock.writeLock();
      try {
        young = new Generation();
        old = null;
      } finally {
        lock.unlockWrite(stamp);
      }
    }

    long size() {
      long stamp = lock.readLock();
      try {
        return young.size + (old == null ? 0L : old.size);
      } finally {
        lock.unlockRead(stamp);
      }
    }
  }

  /** Open addressing over one array: high, low, id per slot; id 0 marks a free slot. */
  private static final class Generation {
    private long[] slots = new long[3 * 64];
    private int size;

    long get(long high, long low) {
      long[] table = slots; // one read: a racing writer may replace it
      int mask = table.length / 3 - 1;
      int slot = (int) low & mask;
      for (int probes = 0; probes <= mask; probes++) {
        int at = 3 * slot;
        long id = table[at + 2];
        if (id == 0) {
          return SeriesTable.UNKNOWN_ID;
        }
        if (table[at] == high && table[at + 1] == low) {
          return id;
        }
        slot = (slot + 1) & mask;
      }
      return SeriesTable.UNKNOWN_ID;
    }

    void put(long high, long low, long id) {
      int capacity = slots.length / 3;
      if (3L * (size + 1) > 2L * capacity) {
        grow(capacity * 2);
      }
      if (insert(slots, high, low, id)) {
        size++;
      }
    }

    private void grow(int capacity) {
      long[] larger = new long[3 * capacity];
      for (int at = 0; at < slots.length; at += 3) {
        if (slots[at + 2] != 0) {
          insert(larger, slots[at], slots[at + 1], slots[at + 2]);
        }
      }
      slots = larger;
    }

    private static boolean insert(long[] table, long high, long low, long id) {
      int mask = table.length / 3 - 1;
      int slot = (int) low & mask;
      while (true) {
        int at = 3 * slot;
        boolean free = table[at + 2] == 0;
        if (free || (table[at] == high && table[at + 1] == low)) {
          table[at] = high;
          table[at + 1] = low;
          table[at + 2] = id;
          return free;
        }
        slot = (slot + 1) & mask;
      }
    }
  }
}
