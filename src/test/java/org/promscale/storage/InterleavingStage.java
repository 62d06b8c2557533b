package org.promscale.storage;

import java.sql.SQLException;
import java.util.List;

/**
 * Where actors of high availability get into each other's way, step by step: PostgreSQL or its
 * twin. A step that would have to wait gives up and ends its actor, so one thread is enough.
 */
interface InterleavingStage {

  /** A statement, or a few that nobody comes between; tells what became of it. */
  @FunctionalInterface
  interface Step {
    String run() throws SQLException;
  }

  String OK = "ok";
  String BLOCKED = "blocked";
  String CHANGED = "changed";
  String DUPLICATE = "duplicate";

  /** Actors by name. */
  List<String> ACTORS =
      List.of(
          "store", "store the same", "register", "fill", "fill the same", "transition", "adopt");

  /** Makes a cluster in its first term, with the lanes of those who store and fill. */
  void fresh() throws SQLException;

  /** Returns the steps of an actor, which share a session of its own. */
  List<Step> actor(String name) throws SQLException;

  /** Returns what is committed: lease, lanes, samples. */
  String state() throws SQLException;
}
