package org.promscale.ingest;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.Slices;
import org.promscale.ha.Standing;
import org.promscale.model.ReplicaIdentity;

/**
 * Finds a place for the samples of standbys in one request: in memory, or, where that is full and
 * the request also carries samples to be stored, in the database along with those: two servers that
 * each lead one cluster and stand by in the other would else wait for each other for good. So is
 * what a leader sends of the time before its term while others still deliver it: what the hold is
 * full of waits for that leader's progress. Thread-safe.
 */
final class HoldDoor {

  private final Hold hold;
  private final HeldShelf shelf;

  HoldDoor(Hold hold, HeldShelf shelf) {
    this.hold = hold;
    this.shelf = shelf;
  }

  /**
   * Finds a place for what must be held.
   *
   * @param body the request as it came, shared by all its parts
   */
  Kept admit(Slices slices, List<@Nullable Standing> standings, byte[] body) {
    List<HeldRequest> inMemory = new ArrayList<>(0);
    List<HeldRequest> onShelf = new ArrayList<>(0);
    boolean full = false;
    for (Slices.Held part : slices.held()) {
      Standing standing = standings.get(part.identity());
      if (standing == null) {
        continue;
      }
      HeldRequest request = request(standing, part, body);
      if (hold.reserve(request.bytes())) {
        inMemory.add(request);
      } else if ((slices.tallies().anyStored() || standing.leads()) && shelf.hasRoom()) {
        onShelf.add(request);
      } else {
        full = true;
      }
    }
    return new Kept(inMemory, onShelf, full);
  }

  private static HeldRequest request(Standing standing, Slices.Held part, byte[] body) {
    ClusterState state = standing.state();
    return new HeldRequest(
        state.clusterId(),
        state.tenant(),
        new ReplicaIdentity(state.cluster(), standing.replica()),
        body,
        part.oldestMs(),
        part.newestMs(),
        new HeldRequest.Arrival(state.progress().frontierMs(), standing.arrivedMs()),
        part.items(),
        part.probes());
  }

  /** Places that were found; either {@link #take} or {@link #giveBack} must follow. */
  final class Kept {
    private final List<HeldRequest> inMemory;
    private final List<HeldRequest> onShelf;
    private boolean full;

    private Kept(List<HeldRequest> inMemory, List<HeldRequest> onShelf, boolean full) {
      this.inMemory = inMemory;
      this.onShelf = onShelf;
      this.full = full;
    }

    /** Returns what is to be kept in the database. */
    List<HeldRequest> onShelf() {
      return onShelf;
    }

    /** Takes the places. */
    void take() {
      for (HeldRequest request : inMemory) {
        full |= !hold.add(request);
      }
    }

    /** Gives the places back. */
    void giveBack() {
      inMemory.forEach(request -> hold.release(request.bytes()));
    }

    /** Tells whether there was no place for something. */
    boolean isFull() {
      return full;
    }
  }
}
