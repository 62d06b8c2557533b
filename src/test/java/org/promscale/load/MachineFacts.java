package org.promscale.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What was measured and where: facts that a number is worth nothing without. */
final class MachineFacts {

  private MachineFacts() {}

  /** Returns the machine and its programs. */
  static Map<String, Object> machine() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("cores", Runtime.getRuntime().availableProcessors());
    facts.put("cpu", after(lines("/proc/cpuinfo"), "model name"));
    facts.put(
        "memoryMb",
        Long.parseLong(after(lines("/proc/meminfo"), "MemTotal").replaceAll("\\D", "")) / 1024);
    facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    facts.put("jdk", System.getProperty("java.vm.name") + " " + Runtime.version());
    facts.put(
        "postgresql",
        run("/usr/lib/postgresql/15/bin/postgres", "--version").replace("postgres ", ""));
    return facts;
  }

  /** Returns the commit, with a plus sign when sources differ from it. */
  static String commit() {
    String commit = run("git", "rev-parse", "--short=10", "HEAD");
    String changed = run("git", "status", "--porcelain", "--", "src", "pom.xml");
    return changed.isEmpty() ? commit : commit + "+";
  }

  /** Returns the CPU seconds that the whole machine has been busy since it started. */
  static double busySeconds() {
    String[] ticks = lines("/proc/stat").get(0).split(" +", -1);
    // user, nice, system, idle, iowait, irq, softirq, steal
    long busy = 0;
    for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
      busy += Long.parseLong(ticks[i]);
    }
    return busy / 100.0;
  }

  private static List<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String after(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0 ? output : "unknown";
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
