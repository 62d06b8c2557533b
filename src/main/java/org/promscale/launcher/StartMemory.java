package org.promscale.launcher;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gives back what only the start needed: the heap grows to several times of what lives in it, and
 * the JVM keeps it until something is collected, which takes long where little happens.
 */
final class StartMemory {
  /** How much of the heap stays free, in percent; the JVM's own are 40 and 70. */
  private static final Map<String, String> SMALL =
      Map.of("MinHeapFreeRatio", "20", "MaxHeapFreeRatio", "40");

  private StartMemory() {}

  /** Collects once, with little room left; whoever needs more gets it as ever. */
  static void giveBack() {
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    Map<String, String> before = new LinkedHashMap<>();
    // The lower bound is lowered first and raised last: it may never be above the other.
    for (String name : new String[] {"MinHeapFreeRatio", "MaxHeapFreeRatio"}) {
      before.put(name, exchange(machine, name, SMALL.getOrDefault(name, "")));
    }
    System.gc();
    for (String name : new String[] {"MaxHeapFreeRatio", "MinHeapFreeRatio"}) {
      exchange(machine, name, before.getOrDefault(name, ""));
    }
  }

  private static String exchange(
      @Nullable HotSpotDiagnosticMXBean machine, String name, String value) {
    if (machine == null || value.isEmpty()) {
      return "";
    }
    try {
      String old = machine.getVMOption(name).getValue();
      machine.setVMOption(name, value);
      return old;
    } catch (IllegalArgumentException e) {
      // Another collector, or another maker's JVM: it collects all the same.
      return "";
    }
  }
}
