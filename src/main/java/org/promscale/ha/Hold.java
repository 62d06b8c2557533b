package org.promscale.ha;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Recent requests of standbys, in memory, in order of their arrival, bounded in bytes. Room is
 * reserved before a request is promised anything. Thread-safe.
 */
public final class Hold {

  private final long maxBytes;
  private final Map<Long, Set<HeldRequest>> requests = new HashMap<>();
  private long bytes;
  private long reserved;
  private long items;
  private boolean closed;

  /**
   * Makes an empty hold.
   *
   * @param maxBytes what all requests together may take; a single larger one is taken alone
   */
  public Hold(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Reserves room.
   *
   * @return whether there is some; then {@link #add} or {@link #release} must follow
   */
  public synchronized boolean reserve(long wanted) {
    if (closed || (bytes + reserved > 0 && bytes + reserved + wanted > maxBytes)) {
      return false;
    }
    reserved += wanted;
    return true;
  }

  /** Gives room back that was reserved and is not used. */
  public synchronized void release(long unused) {
    reserved -= unused;
  }

  /**
   * Takes a request for which room was reserved.
   *
   * @return false if the hold was closed meanwhile: the request is not taken, the room is given
   *     back
   */
  public synchronized boolean add(HeldRequest request) {
    reserved -= request.bytes();
    if (closed) {
      return false;
    }
    requests.computeIfAbsent(request.clusterId(), id -> new LinkedHashSet<>()).add(request);
    bytes += request.bytes();
    items += request.items();
    return true;
  }

  /**
   * Takes a request whether or not there is room: one of whom nobody else knows any more. Does
   * nothing once the hold is closed.
   *
   * @return whether it was taken
   */
  public synchronized boolean addAnyway(HeldRequest request) {
    reserved += request.bytes();
    return add(request);
  }

  /** Lets a request go. Tells whether it was still there. */
  public synchronized boolean remove(HeldRequest request) {
    Set<HeldRequest> ofCluster = requests.get(request.clusterId());
    if (ofCluster == null || !ofCluster.remove(request)) {
      return false;
    }
    if (ofCluster.isEmpty()) {
      requests.remove(request.clusterId());
    }
    bytes -= request.bytes();
    items -= request.items();
    return true;
  }

  /** Returns the requests of a cluster, the oldest first. */
  public synchronized List<HeldRequest> of(long clusterId) {
    Set<HeldRequest> ofCluster = requests.get(clusterId);
    return ofCluster == null ? List.of() : new ArrayList<>(ofCluster);
  }

  /** Returns the requests that are of none of these clusters. */
  public synchronized List<HeldRequest> strays(Collection<ClusterState> known) {
    List<HeldRequest> strays = new ArrayList<>(0);
    Map<Long, ClusterState> byId = new HashMap<>();
    known.forEach(state -> byId.put(state.clusterId(), state));
    requests.forEach(
        (id, ofCluster) -> {
          ClusterState state = byId.get(id);
          ofCluster.stream().filter(r -> state == null || !r.isOf(state)).forEach(strays::add);
        });
    return strays;
  }

  /**
   * Returns the data time of what has been due for longest in a cluster, {@link Long#MAX_VALUE} if
   * nothing of it is held.
   */
  public synchronized long oldestMs(long clusterId) {
    return requests.getOrDefault(clusterId, Set.of()).stream()
        .mapToLong(HeldRequest::dueMs)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** Takes nothing more and returns everything, which stays until it is removed. */
  public synchronized List<HeldRequest> close() {
    closed = true;
    List<HeldRequest> all = new ArrayList<>();
    requests.values().forEach(all::addAll);
    return all;
  }

  /** Returns the memory that is taken or promised. */
  public synchronized long bytes() {
    return bytes + reserved;
  }

  /** Returns the memory that may be taken. */
  public long maxBytes() {
    return maxBytes;
  }

  /** Returns the number of samples that are held. */
  public synchronized long items() {
    return items;
  }

  /** Returns the number of samples of a cluster that are held. */
  public synchronized long items(long clusterId) {
    return requests.getOrDefault(clusterId, Set.of()).stream().mapToLong(HeldRequest::items).sum();
  }

  /** Tells whether at least half of it is free. */
  public synchronized boolean hasPlenty() {
    return !closed && 2 * (bytes + reserved) <= maxBytes;
  }
}
