package org.promscale.storage;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Plays every interleaving of two actors' steps. Stateless. */
final class Interleavings {

  private Interleavings() {}

  /** Returns what came out of each, by the order of the steps. */
  static Map<String, String> play(InterleavingStage stage, String first, String second)
      throws SQLException {
    stage.fresh();
    int a = stage.actor(first).size();
    int b = stage.actor(second).size();
    Map<String, String> outcomes = new LinkedHashMap<>();
    for (String order : orders(a, b)) {
      outcomes.put(order, play(stage, first, second, order));
    }
    return outcomes;
  }

  private static List<String> orders(int a, int b) {
    if (a == 0 || b == 0) {
      return List.of("a".repeat(a) + "b".repeat(b));
    }
    List<String> orders = new ArrayList<>();
    orders(a - 1, b).forEach(rest -> orders.add("a" + rest));
    orders(a, b - 1).forEach(rest -> orders.add("b" + rest));
    return orders;
  }

  private static String play(InterleavingStage stage, String first, String second, String order)
      throws SQLException {
    stage.fresh();
    List<InterleavingStage.Step> a = stage.actor(first);
    List<InterleavingStage.Step> b = stage.actor(second);
    StringBuilder outcome = new StringBuilder();
    int nextA = 0;
    int nextB = 0;
    boolean endedA = false;
    boolean endedB = false;
    for (int i = 0; i < order.length(); i++) {
      char who = order.charAt(i);
      if (who == 'a' && !endedA) {
        String result = a.get(nextA++).run();
        endedA = !result.startsWith(InterleavingStage.OK);
        outcome.append("a ").append(result).append(", ");
      } else if (who == 'b' && !endedB) {
        String result = b.get(nextB++).run();
        endedB = !result.startsWith(InterleavingStage.OK);
        outcome.append("b ").append(result).append(", ");
      }
    }
    return outcome.append(stage.state()).toString();
  }
}
