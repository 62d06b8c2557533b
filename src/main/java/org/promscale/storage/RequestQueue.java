package org.promscale.storage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Requests that wait for a writer, in two lines: those with series that the catalog must be asked
 * about, and those without. The first may take a thousand times as long; in a group of both the
 * second would wait for them. The line whose first request is the older one goes first.
 *
 * <p>Not thread-safe: its owner has a lock.
 */
final class RequestQueue {

  private record Waiting(long number, PendingBatch request) {}

  private final ArrayDeque<Waiting> known = new ArrayDeque<>();
  private final ArrayDeque<Waiting> registering = new ArrayDeque<>();
  private long added;
  private long bytes;

  void add(PendingBatch request) {
    line(request.registers()).add(new Waiting(added++, request));
    bytes += request.bytes();
  }

  /**
   * Removes and returns the next group: at least one request, no further one beyond so many rows,
   * all with new series or all without; empty if there is none.
   *
   * @param mayRegister whether it may be one with new series
   */
  List<PendingBatch> take(int maxRows, boolean mayRegister) {
    List<PendingBatch> group = new ArrayList<>();
    ArrayDeque<Waiting> line = line(mayRegister && registeringIsNext());
    int rows = 0;
    while (!line.isEmpty()) {
      int next = line.element().request.rows();
      if (!group.isEmpty() && (long) rows + next > maxRows) {
        break;
      }
      PendingBatch request = line.remove().request;
      bytes -= request.bytes();
      rows += next;
      group.add(request);
    }
    return group;
  }

  /** Tells whether {@link #take} would return anything. */
  boolean hasNext(boolean mayRegister) {
    return !known.isEmpty() || (mayRegister && !registering.isEmpty());
  }

  /** Returns the decoded bytes of all requests. */
  long bytes() {
    return bytes;
  }

  int size() {
    return known.size() + registering.size();
  }

  private boolean registeringIsNext() {
    return !registering.isEmpty()
        && (known.isEmpty() || registering.element().number < known.element().number);
  }

  private ArrayDeque<Waiting> line(boolean registers) {
    return registers ? registering : known;
  }
}
