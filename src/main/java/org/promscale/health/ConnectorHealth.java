package org.promscale.health;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Folds what the parts observe into one answer: is this connector ready for writes? Thread-safe;
 * asking never blocks and does no I/O, so health is answered while the database is stopped.
 */
public final class ConnectorHealth {

  /** The database counts as reachable this long after it last answered. */
  public static final Duration FRESH = Duration.ofSeconds(10);

  private final InstantSource clock;
  private volatile @Nullable Instant databaseSeen;
  private volatile @Nullable String databaseTrouble;
  private volatile String databaseRefusal = "";
  private volatile String schemaTrouble = "the schema is not checked yet";
  private volatile boolean stopping;

  /** Starts as not ready. */
  public ConnectorHealth(InstantSource clock) {
    this.clock = clock;
  }

  /** The database answered just now. */
  public void databaseAnswered() {
    databaseSeen = clock.instant();
    databaseTrouble = null;
    databaseRefusal = "";
  }

  /** The database answered, but takes no writes, for this reason. */
  public void databaseRefuses(String reason) {
    databaseRefusal = reason;
    databaseTrouble = reason;
  }

  /** The database did not answer, for this reason. */
  public void databaseFailed(String reason) {
    databaseTrouble = reason;
    databaseRefusal = "";
  }

  /** The schema is what this version needs. */
  public void schemaCurrent() {
    schemaTrouble = "";
  }

  /** The schema cannot be used, for this reason. */
  public void schemaFailed(String reason) {
    schemaTrouble = reason;
  }

  /** The connector is being stopped. */
  public void stopping() {
    stopping = true;
  }

  /** Tells whether the connector is being stopped. */
  public boolean isStopping() {
    return stopping;
  }

  /** Returns why the connector is not ready, in one line, or empty if it is. */
  public Optional<String> trouble() {
    if (stopping) {
      return Optional.of("stopping");
    }
    String refusal = databaseRefusal;
    if (!refusal.isEmpty()) {
      return Optional.of("the database takes no writes: " + refusal);
    }
    Instant seen = databaseSeen;
    String reason = databaseTrouble;
    if (seen == null) {
      return Optional.of(
          "the database has not answered yet" + (reason == null ? "" : ": " + reason));
    }
    Duration silence = Duration.between(seen, clock.instant());
    if (silence.compareTo(FRESH) > 0) {
      return Optional.of(
          "the database has not answered for "
              + silence.toSeconds()
              + " s"
              + (reason == null ? "" : ": " + reason));
    }
    return schemaTrouble.isEmpty() ? Optional.empty() : Optional.of(schemaTrouble);
  }

  /** Returns whether the database answered, and takes writes, as far as was seen last. */
  public boolean isDatabaseUp() {
    return databaseSeen != null && databaseTrouble == null;
  }
}
