package org.promscale.ha;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Builds states of a cluster for tests: times in seconds, leader {@code a}, frontier 100. */
final class HaStates {

  static final UUID FENCE = new UUID(0, 1);

  private long term = 1;
  private String leader = "a";
  private long startMs = Lease.NO_TIME;
  private long sealMs = Lease.NO_TIME;
  private UUID fence = FENCE;
  private long frontierMs = 100_000;
  private long lastMs = 100_000;
  private long lagMs;
  private long commits = 10;
  private long overrideMs;
  private List<Long> gapsMs = List.of();
  private long nowMs = 105_000;
  private final List<Term> terms = new ArrayList<>();
  private final List<Patch> patches = new ArrayList<>();
  private final List<Sighting> sightings = new ArrayList<>();
  private PatchRun patchRun = PatchRun.NONE;
  private Steering steering = Steering.NONE;

  HaStates term(long number, String newLeader, double start, double seal) {
    term = number;
    leader = newLeader;
    startMs = ms(start);
    sealMs = ms(seal);
    return this;
  }

  HaStates past(long number, String who, double start, double end) {
    terms.add(new Term(number, who, ms(start), ms(end)));
    return this;
  }

  HaStates patch(long id, String who, double start, double end) {
    patches.add(new Patch(id, who, ms(start), ms(end), 0));
    return this;
  }

  HaStates pendingPatch(long id, String who, double start, double end, double opens) {
    patches.add(new Patch(id, who, ms(start), ms(end), ms(opens)));
    return this;
  }

  HaStates patchRun(double since, double last) {
    patchRun = new PatchRun(ms(since), ms(last));
    return this;
  }

  HaStates steering(Steering wish) {
    steering = wish;
    return this;
  }

  HaStates frontier(double frontier, double last) {
    frontierMs = ms(frontier);
    lastMs = ms(last);
    return this;
  }

  HaStates lag(double seconds) {
    lagMs = ms(seconds);
    return this;
  }

  HaStates commits(long number) {
    commits = number;
    return this;
  }

  HaStates fence(UUID token) {
    fence = token;
    return this;
  }

  HaStates override(double seconds) {
    overrideMs = ms(seconds);
    return this;
  }

  HaStates gaps(Long... gaps) {
    gapsMs = List.of(gaps);
    return this;
  }

  HaStates now(double now) {
    nowMs = ms(now);
    return this;
  }

  HaStates seen(String replica, double at, double newest) {
    sightings.add(new Sighting(replica, ms(at), ms(newest)));
    return this;
  }

  ClusterState build() {
    List<Term> all = new ArrayList<>(terms);
    all.add(new Term(term, leader, startMs, Term.OPEN));
    return new ClusterState(
        7,
        0,
        "c",
        new Lease(term, leader, startMs, sealMs, fence, Silence.UNKNOWN, gapsMs, overrideMs),
        new Progress(frontierMs, lastMs, lagMs, commits, nowMs),
        sightings,
        all,
        patches,
        0,
        0,
        patchRun,
        steering,
        nowMs);
  }

  /** Returns milliseconds; minus infinity stands for no time. */
  static long ms(double seconds) {
    return seconds == Double.NEGATIVE_INFINITY ? Lease.NO_TIME : Math.round(seconds * 1_000);
  }
}
