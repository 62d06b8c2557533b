package org.promscale.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The series of one batch, in columns: the keyed hash of each label set, its id where it is known,
 * else its labels. The same series may stand in several rows.
 *
 * <p>One thread at a time. Whoever holds the batch owns the table.
 */
public final class SeriesTable {

  /** The id of a series that the catalog has not been asked about yet. Real ids are positive. */
  public static final long UNKNOWN_ID = 0;

  /** The identity of a series that belongs to no cluster. */
  public static final int NO_IDENTITY = -1;

  private long[] hashHigh;
  private long[] hashLow;
  private long[] ids;
  private int[] identities;
  private @Nullable Labels[] labels;
  private int size;
  private int unknown;
  private long idEpoch = Long.MAX_VALUE;

  /** Makes an empty table with room for this many series. */
  public SeriesTable(int capacity) {
    int room = Math.max(8, capacity);
    hashHigh = new long[room];
    hashLow = new long[room];
    ids = new long[room];
    identities = new int[room];
    labels = new @Nullable Labels[8];
  }

  /** Adds a series of no cluster whose id is known; returns its row. */
  public int addKnown(long high, long low, long id) {
    return addKnown(high, low, id, NO_IDENTITY);
  }

  /**
   * Adds a series whose id is known; returns its row.
   *
   * @param identity position in the batch's list of identities, or {@link #NO_IDENTITY}
   */
  public int addKnown(long high, long low, long id, int identity) {
    if (id <= UNKNOWN_ID) {
      throw new IllegalArgumentException("not an id: " + id);
    }
    return add(high, low, id, identity);
  }

  /** Adds a series of no cluster that the catalog must be asked about; returns its row. */
  public int addUnknown(long high, long low, Labels labelSet) {
    return addUnknown(high, low, labelSet, NO_IDENTITY);
  }

  /**
   * Adds a series that the catalog must be asked about; returns its row.
   *
   * @param labelSet its labels, without the one that names the replica
   * @param identity position in the batch's list of identities, or {@link #NO_IDENTITY}
   */
  public int addUnknown(long high, long low, Labels labelSet, int identity) {
    int row = add(high, low, UNKNOWN_ID, identity);
    if (row >= labels.length) {
      labels = Arrays.copyOf(labels, Math.max(row + 1, labels.length * 2));
    }
    labels[row] = labelSet;
    unknown++;
    return row;
  }

  private int add(long high, long low, long id, int identity) {
    if (size == ids.length) {
      int room = size * 2;
      hashHigh = Arrays.copyOf(hashHigh, room);
      hashLow = Arrays.copyOf(hashLow, room);
      ids = Arrays.copyOf(ids, room);
      identities = Arrays.copyOf(identities, room);
    }
    hashHigh[size] = high;
    hashLow[size] = low;
    ids[size] = id;
    identities[size] = identity;
    return size++;
  }

  /** Fills in the id of a row that was unknown. */
  public void assignId(int row, long id) {
    if (ids[row] == UNKNOWN_ID) {
      unknown--;
    }
    ids[row] = id;
  }

  /**
   * Notes how old ids in this table are, as {@code SeriesResolver.epoch()} said before they were
   * asked for; of several numbers the smallest counts.
   */
  public void idsAreOf(long epoch) {
    idEpoch = Math.min(idEpoch, epoch);
  }

  /** Returns how old the oldest id of this table is; the largest number if there is none. */
  public long idEpoch() {
    return idEpoch;
  }

  /** Returns the number of rows. */
  public int size() {
    return size;
  }

  /** Returns the number of rows whose id is not known yet. */
  public int unknownCount() {
    return unknown;
  }

  /** Returns the id in this row, or {@link #UNKNOWN_ID}. */
  public long id(int row) {
    return ids[row];
  }

  /** Returns who sent the series in this row: a position in the batch's list of identities. */
  public int identity(int row) {
    return identities[row];
  }

  /** Returns the upper half of the hash in this row. */
  public long hashHigh(int row) {
    return hashHigh[row];
  }

  /** Returns the lower half of the hash in this row. */
  public long hashLow(int row) {
    return hashLow[row];
  }

  /** Returns the labels of a row that was added as unknown, else {@code null}. */
  public @Nullable Labels labels(int row) {
    return row < labels.length ? labels[row] : null;
  }
}
