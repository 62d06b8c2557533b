package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs as a child of the test JVM and can be started, stopped, killed, frozen and
 * started again. Its output goes to a log file that is kept; the kernel kills it when the test JVM
 * dies. One thread at a time.
 */
public abstract class ServerProcess implements AutoCloseable {

  /**
   * The kernel signals a child when the <em>thread</em> that made it ends, so children are made by
   * one thread that lives as long as the JVM.
   */
  private static final ExecutorService SPAWNER =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "testbed-spawner");
            thread.setDaemon(true);
            return thread;
          });

  private final String name;
  private final Path log;
  private @Nullable Process process;

  /**
   * Names the server; nothing is started yet.
   *
   * @param name what the log file and error messages call it
   */
  protected ServerProcess(String name) {
    this.name = name;
    this.log = TestLogs.open(name);
  }

  /** Returns the command line; asked again at every start. */
  protected abstract List<String> command();

  /** Tells whether the server serves; polled after the start, may throw. */
  protected abstract boolean isReady() throws Exception;

  /** Returns the longest time the server may take until it serves. */
  protected Duration startLimit() {
    return Duration.ofSeconds(30);
  }

  /** Returns the longest time the server may take to end after SIGTERM. */
  protected Duration stopLimit() {
    return Duration.ofSeconds(30);
  }

  /** Returns the user to run as when the tests run as root; empty: the same user. */
  protected String user() {
    return "";
  }

  /** Returns the name of the signal that the kernel sends when the test JVM dies. */
  protected String deathSignal() {
    return "KILL";
  }

  /** Returns the living processes that are killed and frozen together, the first one first. */
  protected Stream<ProcessHandle> processes() {
    Process running = process;
    return running == null || !running.isAlive() ? Stream.empty() : Stream.of(running.toHandle());
  }

  /** Asks the server to end. */
  protected void askToEnd() {
    signal("TERM", processes());
  }

  /** Starts the server and waits until it serves. */
  public void start() {
    launch();
    awaitReady();
  }

  /** Starts the process without waiting. */
  public void launch() {
    if (isAlive()) {
      throw new IllegalStateException(name + " is running already");
    }
    List<String> line = new ArrayList<>();
    if (!user().isEmpty() && Programs.isRoot()) {
      line.addAll(
          List.of("setpriv", "--reuid=" + user(), "--regid=" + user(), "--init-groups", "--"));
    }
    // After the change of user: the kernel forgets the death signal when credentials change.
    line.addAll(List.of("setpriv", "--pdeathsig", deathSignal(), "--"));
    line.addAll(command());
    ProcessBuilder builder =
        new ProcessBuilder(line)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      process = SPAWNER.submit((Callable<Process>) builder::start).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot start " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Waits until the launched server serves; fails at once with its output when it ends. */
  public void awaitReady() {
    try {
      Await.until(name + " is ready", startLimit(), () -> !isAlive() || isReady());
    } catch (ConditionTimeoutException e) {
      throw new IllegalStateException(name + " is not ready:\n" + TestLogs.tail(log), e);
    }
    if (!isAlive()) {
      throw new IllegalStateException(name + " ended while starting:\n" + TestLogs.tail(log));
    }
  }

  /** Asks the server to end without waiting for it. */
  public void beginStop() {
    askToEnd();
  }

  /** Asks the server to end and waits until it has. */
  public void stop() {
    askToEnd();
    awaitEnd(stopLimit());
  }

  /** Kills the server (SIGKILL) and waits until it is gone. */
  public void kill() {
    // Frozen first, so that it cannot make children between the listing and the kill.
    signal("STOP", processes().limit(1));
    List<ProcessHandle> all = processes().toList();
    signal("KILL", all.stream());
    awaitEnd(Duration.ofSeconds(20));
    // A child in the middle of a system call outlives its parent by a moment, and holds its memory.
    Await.until(
        name + "'s children have ended",
        Duration.ofSeconds(20),
        () -> all.stream().allMatch(ServerProcess::hasEnded));
  }

  private static boolean hasEnded(ProcessHandle handle) {
    Path state = Path.of("/proc", String.valueOf(handle.pid()), "stat");
    try {
      return !handle.isAlive() || Files.readString(state).contains(") Z ");
    } catch (IOException e) {
      return true; // gone while we looked
    }
  }

  /** Stops and starts the server. */
  public void restart() {
    stop();
    start();
  }

  /** Freezes the server (SIGSTOP): connections stay open, nothing is answered. */
  public void freeze() {
    List<ProcessHandle> all = processes().toList();
    signal("STOP", all.stream());
    // The signal is on its way when kill returns; a thread may still send a last statement.
    Await.until(
        name + " is frozen",
        Duration.ofSeconds(5),
        () -> all.stream().allMatch(ServerProcess::isFrozen));
  }

  private static boolean isFrozen(ProcessHandle handle) {
    Path tasks = Path.of("/proc", String.valueOf(handle.pid()), "task");
    try (Stream<Path> threads = Files.list(tasks)) {
      for (Path thread : threads.toList()) {
        String stat = Files.readString(thread.resolve("stat"));
        if (!stat.contains(") T ") && !stat.contains(") Z ")) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return !handle.isAlive(); // gone while we looked, or a thread of it: look again
    }
  }

  /** Lets a frozen server go on. */
  public void unfreeze() {
    signal("CONT", processes());
  }

  /** Tells whether the process exists. */
  public boolean isAlive() {
    Process running = process;
    return running != null && running.isAlive();
  }

  /** Returns the process number of the last start. */
  public long pid() {
    return running().pid();
  }

  /** Returns the exit status of a process that has ended. */
  public int exitStatus() {
    return running().exitValue();
  }

  /** Returns the CPU seconds, user and system, that the living process has used. */
  public double cpuSeconds() {
    return CpuTime.of(pid());
  }

  /** Returns every line that the server has written so far, over all its starts. */
  public List<String> output() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the server whatever its state, kindly first, and gives up its files. */
  @Override
  public void close() {
    unfreeze();
    if (isAlive()) {
      askToEnd();
      try {
        if (!running().waitFor(stopLimit().toSeconds(), TimeUnit.SECONDS)) {
          kill();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Sends a signal to processes of the server. */
  protected static void signal(String signal, Stream<ProcessHandle> processes) {
    List<String> pids = processes.map(handle -> String.valueOf(handle.pid())).toList();
    if (!pids.isEmpty()) {
      List<String> line = new ArrayList<>(List.of("kill", "-" + signal));
      line.addAll(pids);
      // Some may have ended meanwhile: no matter.
      Programs.tryRun(Duration.ofSeconds(5), line);
    }
  }

  /** Waits until the process has ended. */
  protected final void awaitEnd(Duration atMost) {
    Process running = process;
    if (running != null) {
      Await.until(name + " has ended", atMost, () -> !running.isAlive());
    }
  }

  private Process running() {
    Process running = process;
    if (running == null) {
      throw new IllegalStateException(name + " was never started");
    }
    return running;
  }
}
