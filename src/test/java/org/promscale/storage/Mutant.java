package org.promscale.storage;

/**
 * A mistake that somebody could make in a store. The simulation must notice each of them, else it
 * proves nothing.
 */
public enum Mutant {
  /** None: as PostgreSQL is used. */
  NONE,
  /** The storing transaction notes its progress whatever the fence says. */
  FENCE_OFF,
  /** The fence is checked before COPY, so a frozen COPY keeps its lane locked. */
  FENCE_FIRST,
  /** Progress is read apart from the lease, and so may be of a term that the reader knows not. */
  FRONTIER_OF_WRONG_TERM,
  /** The new term begins where the old lease would have ended, not where its data ends. */
  BOUNDARY_AT_OLD_END,
  /** Silence is what the connector's own clock says has passed since the last commit. */
  SILENCE_FROM_LOCAL_CLOCK,
  /** The frontier follows samples from the future. */
  CLAMP_OFF,
  /** A look adds all the time since the look before it. */
  LONG_LOOKS,
  /** A lane registers without locking the lease. */
  REGISTERS_UNLOCKED,
  /** What is held is forgotten where it would have to be stored after all. */
  REPLAYS_NOTHING,
  /** What is held goes once the frontier has passed it, without being compared. */
  COMPARES_NOTHING,
  /** Connectors do not agree who fills a patch. */
  PATCHED_BY_TWO,
  /** A connector holds standbys' samples however old its view of the lease is. */
  OLD_VIEW,
  /** An operator's order changes the leader, but not the fence. */
  STEERS_UNFENCED
}
