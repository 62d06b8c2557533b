package org.promscale.storage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.promscale.storage.InterleavingStage.Actor;

/** Plays every interleaving of two actors' statements. Stateless. */
final class Interleavings {

  /** One of the two, and what has become of it. */
  private static final class Part {
    private final String name;
    private final Actor actor;
    private final StringBuilder story;
    private boolean waits;
    private boolean ended;

    Part(String name, Actor actor, StringBuilder story) {
      this.name = name;
      this.actor = actor;
      this.story = story;
    }

    boolean canGoOn() {
      return !waits && !ended;
    }

    /** Its next statement. */
    void go() {
      take(actor.step());
      if (waits) {
        story.append(name).append(" waits, ");
      }
    }

    /** The other one has done something: perhaps this one need not wait any more. */
    void settle() {
      if (waits) {
        take(actor.settled());
      }
    }

    private void take(@Nullable String result) {
      waits = result == null;
      if (result != null) {
        ended = !result.equals(InterleavingStage.OK);
        story.append(name).append(' ').append(result).append(", ");
      }
    }
  }

  private Interleavings() {}

  /** Returns what came out of each, by the order of the statements. */
  static Map<String, String> play(InterleavingStage stage, String first, String second) {
    Map<String, String> outcomes = new LinkedHashMap<>();
    for (String order : orders(statements(first), statements(second))) {
      outcomes.put(order, play(stage, first, second, order));
    }
    return outcomes;
  }

  private static int statements(String actor) {
    return Objects.requireNonNull(InterleavingStage.ACTORS.get(actor));
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

  private static String play(InterleavingStage stage, String first, String second, String order) {
    stage.fresh();
    StringBuilder story = new StringBuilder();
    Part a = new Part("a", stage.actor(first), story);
    Part b = new Part("b", stage.actor(second), story);
    for (int i = 0; i < order.length(); i++) {
      go(order.charAt(i) == 'a' ? a : b, a, b);
    }
    // Whoever had to wait, or had to begin again, is not done yet.
    while (a.canGoOn() || b.canGoOn()) {
      go(a.canGoOn() ? a : b, a, b);
    }
    return story.append(stage.state()).toString();
  }

  private static void go(Part who, Part a, Part b) {
    if (who.canGoOn()) {
      who.go();
      (who == a ? b : a).settle();
    }
  }
}
