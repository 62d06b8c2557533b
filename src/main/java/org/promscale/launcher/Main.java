package org.promscale.launcher;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Entry point of the uber-jar. */
public final class Main {

  private Main() {}

  /**
   * Starts the connector; see {@code -help}. Returns when it is ready and goes on in other threads,
   * or ends the process: 0 after {@code -help} and {@code -version}, 1 where the machine or the
   * data stands in the way, 2 where the command line is wrong.
   */
  public static void main(String[] arguments) {
    long began = System.nanoTime();
    PrintStream out = System.out;
    // The server prints summaries of its own there.
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    Logging.install();
    try {
      CommandLine.Reading reading = CommandLine.read(arguments, System.getenv());
      switch (reading.wish()) {
        case HELP -> out.print(Help.text());
        case VERSION -> out.println("promscale " + BuildInfo.version());
        case START -> Connector.prepare(reading.options()).run(began, out);
      }
    } catch (LaunchFailure e) {
      fail(e);
    }
  }

  /** Says in one line why it does not go on, and ends the process at once. */
  static void fail(LaunchFailure failure) {
    System.err.println("promscale: " + failure.getMessage());
    System.err.flush();
    // Not exit(): nothing was accepted yet, and a half booted server hangs in its own hook.
    Runtime.getRuntime().halt(failure.exitCode());
  }
}
