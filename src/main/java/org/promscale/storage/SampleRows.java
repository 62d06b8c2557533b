package org.promscale.storage;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.IntPredicate;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;

/**
 * The sample rows of a whole transaction, in columns, sorted by (series id, time) and without
 * repetitions: of rows with the same key the first one wins.
 *
 * <p>Sorted, because two connectors that store the same retry at once would otherwise take the same
 * index entries in different orders and deadlock. One thread at a time.
 */
final class SampleRows {

  /** Most rows in one transaction; a row's number must fit beside its series id in one word. */
  static final int MAX_ROWS = 1 << 20;

  private static final int INDEX_BITS = 20;
  private static final long MAX_SERIES_ID = 1L << (63 - INDEX_BITS);
  private static final int INSERTION_SORT_MAX = 32;

  final long[] seriesId;
  final long[] timestampMs;
  final long[] valueBits;
  final int[] owner;
  private int size;
  private int[] order = new int[0];
  private int distinct;

  SampleRows(int capacity) {
    if (capacity > MAX_ROWS) {
      throw new IllegalArgumentException("too many rows for one transaction: " + capacity);
    }
    seriesId = new long[capacity];
    timestampMs = new long[capacity];
    valueBits = new long[capacity];
    owner = new int[capacity];
  }

  /** Adds the samples of one request, whose series all have ids; {@code request} is its number. */
  void add(SeriesTable series, Samples samples, int request) {
    for (int i = 0; i < samples.size(); i++) {
      long id = series.id(samples.series(i));
      if (id <= 0 || id >= MAX_SERIES_ID) {
        throw new IllegalStateException("series id out of range: " + id);
      }
      seriesId[size] = id;
      timestampMs[size] = samples.timestampMs(i);
      valueBits[size] = samples.valueBits(i);
      owner[size] = request;
      size++;
    }
  }

  /** Sorts the rows and drops repetitions; no more rows may be added. */
  void sort() {
    long[] keys = new long[size];
    for (int i = 0; i < size; i++) {
      keys[i] = seriesId[i] << INDEX_BITS | i;
    }
    Arrays.sort(keys);
    order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = (int) keys[i] & (MAX_ROWS - 1);
    }
    int start = 0;
    for (int i = 1; i <= size; i++) {
      if (i == size || seriesId[order[i]] != seriesId[order[start]]) {
        sortByTime(start, i);
        start = i;
      }
    }
    for (int i = 0; i < size; i++) {
      if (i == 0 || !sameKey(order[i], order[distinct - 1])) {
        order[distinct++] = order[i];
      }
    }
  }

  /** Sorts one series' rows by time; rows of the same time stay in arrival order. */
  private void sortByTime(int start, int end) {
    if (end - start > INSERTION_SORT_MAX) {
      Integer[] run = new Integer[end - start];
      Arrays.setAll(run, i -> order[start + i]);
      Arrays.sort(run, Comparator.comparingLong(row -> timestampMs[row])); // stable
      Arrays.setAll(run, i -> order[start + i] = run[i]);
      return;
    }
    for (int i = start + 1; i < end; i++) {
      int row = order[i];
      int j = i;
      while (j > start && timestampMs[order[j - 1]] > timestampMs[row]) {
        order[j] = order[j - 1];
        j--;
      }
      order[j] = row;
    }
  }

  private boolean sameKey(int a, int b) {
    return seriesId[a] == seriesId[b] && timestampMs[a] == timestampMs[b];
  }

  /** Returns the number of rows with different keys. */
  int distinctCount() {
    return distinct;
  }

  /** Returns the number of rows that repeat another one of the same transaction. */
  int repeatedCount() {
    return size - distinct;
  }

  /** Returns the positions, in storing order, of the distinct rows that satisfy the condition. */
  int[] select(IntPredicate rowCondition) {
    return Arrays.stream(order, 0, distinct).filter(rowCondition).toArray();
  }

  /** Returns the positions of all distinct rows, in storing order. */
  int[] all() {
    return Arrays.copyOf(order, distinct);
  }
}
