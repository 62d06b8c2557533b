package org.promscale.ha;

import org.jspecify.annotations.Nullable;
import org.promscale.model.ReplicaIdentity;

/**
 * The samples of one standby in one request, kept as the request came: compressed. What is known of
 * them changes as they settle; that belongs to the one thread that looks at holds, everything else
 * is immutable.
 */
public final class HeldRequest {

  /** What an entry takes beside its body and its probes, roughly. */
  private static final int OVERHEAD_BYTES = 256;

  private static final int PROBE_BYTES = 16;

  /** How far it has settled. */
  enum State {
    /** Nobody has compared it with what is stored. */
    UNKNOWN,
    /** The leader has stored what was looked for. */
    CLEAN,
    /** The leader has left a hole that this request can fill. */
    HOLED
  }

  private final long clusterId;
  private final int tenant;
  private final ReplicaIdentity sender;
  private final byte[] body;
  private final long oldestMs;
  private final long newestMs;
  private final Arrival arrival;
  private final long items;
  private volatile Probes probes;

  private State state = State.UNKNOWN;
  private long sinceMs;
  private long testedIn;
  private @Nullable Lease replayedUnder;
  private volatile boolean busy;
  private volatile long shelfId;

  // Of whoever judges it, one at a time: published by busy.
  private long placedStored;
  private long placedFilled;

  /**
   * When a request came.
   *
   * @param frontierMs the leader's frontier then
   * @param wallMs wall time, by a clock that may be wrong
   */
  public record Arrival(long frontierMs, long wallMs) {

    /** Like the frontier. */
    private static final long CLAMP_MS = 5_000;

    /** Returns the latest data time that counts of the request. */
    long latestMs() {
      return Math.max(frontierMs, wallMs + CLAMP_MS);
    }
  }

  /**
   * Keeps a request.
   *
   * @param body as it came; passes into the hands of this object
   * @param oldestMs its oldest sample
   * @param newestMs its newest sample
   * @param arrival when it came: a sample from beyond is due as if it were of that time, or it
   *     would stay until then
   * @param items samples, histograms and exemplars
   */
  public HeldRequest(
      long clusterId,
      int tenant,
      ReplicaIdentity sender,
      byte[] body,
      long oldestMs,
      long newestMs,
      Arrival arrival,
      long items,
      Probes probes) {
    this.clusterId = clusterId;
    this.tenant = tenant;
    this.sender = sender;
    this.body = body;
    this.oldestMs = oldestMs;
    this.newestMs = newestMs;
    this.arrival = arrival;
    this.items = items;
    this.probes = probes;
  }

  /** Returns the number of its cluster. */
  public long clusterId() {
    return clusterId;
  }

  /** Returns whose data it is. */
  public int tenant() {
    return tenant;
  }

  /** Returns who sent it. */
  public ReplicaIdentity sender() {
    return sender;
  }

  /** Notes that it also lies in the database, where it can be taken over if this connector dies. */
  public void shelvedAs(long id) {
    shelfId = id;
  }

  /** Returns its number in the database, 0 if it is in memory alone. */
  public long shelfId() {
    return shelfId;
  }

  /** Tells whether it is of this cluster: an older database may reuse numbers. */
  public boolean isOf(ClusterState state) {
    return clusterId == state.clusterId()
        && tenant == state.tenant()
        && sender.cluster().equals(state.cluster());
  }

  /** Returns the name of the replica that sent it. */
  public String replica() {
    return sender.replica();
  }

  /** Returns the request as it came, compressed; not to be changed. */
  @SuppressWarnings("EI_EXPOSE_REP") // megabytes, read by whoever asks
  public byte[] body() {
    return body;
  }

  /** Returns its oldest data time. */
  public long oldestMs() {
    return oldestMs;
  }

  /** Returns its newest data time. */
  public long newestMs() {
    return newestMs;
  }

  /** Returns wall time of its arrival, by a clock that may have been wrong. */
  public long arrivedMs() {
    return arrival.wallMs();
  }

  /** Returns the data time that the frontier must have passed by a settle time. */
  public long dueMs() {
    return Math.min(newestMs, arrival.latestMs());
  }

  /** Returns the number of its samples, histograms and exemplars. */
  public long items() {
    return items;
  }

  /** Returns what to look for. */
  public Probes probes() {
    return probes;
  }

  /** Gives it other probes: when it came, its series were not known to this connector. */
  public void probeFor(Probes better) {
    probes = better;
  }

  /** Returns the memory it takes. */
  public long bytes() {
    return bytes(body.length);
  }

  /** Returns the memory that a request with a body of this length will take. */
  public static long bytes(int bodyLength) {
    return bodyLength + OVERHEAD_BYTES + PROBE_BYTES * (long) Probes.MOST;
  }

  State state() {
    return state;
  }

  long sinceMs() {
    return sinceMs;
  }

  /**
   * Notes the outcome of a comparison with what is stored.
   *
   * @param hole whether one was found
   * @param nowMs time of the comparison, by a clock that never jumps
   */
  public void compared(boolean hole, long nowMs) {
    state = hole ? State.HOLED : State.CLEAN;
    sinceMs = nowMs;
  }

  /**
   * Notes that samples of it have found their place.
   *
   * @param stored how many were the leader's this time: the same ones as before, perhaps
   * @param filled how many have filled holes this time
   * @return how many of the stored ones were not before
   */
  public long place(long stored, long filled) {
    long fresh = Math.max(0, stored - placedStored);
    placedStored += fresh;
    placedFilled += filled;
    return fresh;
  }

  /** Returns the number of its items that have found no place so far. */
  public long unplaced() {
    return Math.max(0, items - placedStored - placedFilled);
  }

  boolean isTestedIn(long patchId) {
    return testedIn == patchId;
  }

  /** Tells whether every sample of it was tested in some patch. */
  boolean isTested() {
    return testedIn != 0;
  }

  /**
   * Tells whether it was judged in the term of this lease: of a leader that is once, for all past
   * the seal is stored then. A patch moves the seal and gives no reason to do so again.
   */
  boolean isReplayedUnder(Lease lease) {
    return replayedUnder != null && lease.continues(replayedUnder);
  }

  /**
   * Notes that every sample of it was judged anew and some of them still have to wait.
   *
   * @param under the lease under which that was
   * @param patchId the patch that its sender fills, or 0
   */
  public void judged(Lease under, long patchId) {
    replayedUnder = under;
    testedIn = patchId;
    state = State.UNKNOWN;
  }

  /** Somebody else has filled holes here: what was found before says nothing any more. */
  void doubt() {
    if (state == State.HOLED) {
      state = State.UNKNOWN;
    }
  }

  /** Tells whether it is being judged anew; any thread may ask. */
  public boolean isBusy() {
    return busy;
  }

  /** What was found says nothing any more. */
  void forget() {
    state = State.UNKNOWN;
  }

  /** Notes whether it is being judged anew; any thread may. */
  public void setBusy(boolean now) {
    busy = now;
  }
}
