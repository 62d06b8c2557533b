package org.promscale.storage;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.SteeringOrder;

/**
 * Where actors of high availability get into each other's way, statement by statement: PostgreSQL
 * or its twin.
 */
interface InterleavingStage {

  /** One transaction, stopped before each of its statements. */
  interface Actor {

    /**
     * Runs its next statement.
     *
     * @return what came of it, null if it has to wait for somebody; anything but {@link #OK} is the
     *     last
     */
    @Nullable String step();

    /** Returns what came of the statement that had to wait, null if it still has to. */
    @Nullable String settled();
  }

  /** More statements are to come. */
  String OK = "ok";

  /** It is committed. */
  String DONE = "done";

  /** Leadership is not what the decision was based on. */
  String CHANGED = "changed";

  /** It gave up. */
  String FAILED = "failed";

  /** Actors by name, and how many statements each has if nobody comes between. */
  Map<String, Integer> ACTORS =
      Map.of(
          "store", 3,
          "store the same", 3,
          "fill", 5,
          "fill the same", 5,
          "register", 3,
          "transition", 4,
          "another transition", 4,
          "hand over", 4,
          "drain", 4,
          "adopt", 1);

  /** Operators hand leadership over to B, and drain it, whatever its state. */
  static SteeringOrder order(SteeringOrder.Action action) {
    return new SteeringOrder(action, "B", true, null, null, null, "ops", "test");
  }

  /**
   * Makes a cluster in its first term, whose standby B was seen, with a sample of its leader and
   * the lanes of those who store and fill.
   */
  void fresh();

  /** Returns an actor that has decided on what is committed now. */
  Actor actor(String name);

  /** Returns what is committed: lease, terms, patches, lanes, who is drained, samples. */
  String state();
}
