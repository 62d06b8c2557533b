package org.promscale.launcher;

/** The connector cannot start; the message is the one line an operator reads. Immutable. */
final class LaunchFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** Exit code where the command line is wrong. */
  static final int USAGE = 2;

  /** Exit code where the machine or the data stands in the way. */
  static final int ENVIRONMENT = 1;

  private final int exitCode;

  private LaunchFailure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** A failure the operator mends on the command line. */
  static LaunchFailure usage(String message) {
    return new LaunchFailure(USAGE, message);
  }

  /** A failure the operator mends on the machine. */
  static LaunchFailure environment(String message) {
    return new LaunchFailure(ENVIRONMENT, message);
  }

  int exitCode() {
    return exitCode;
  }
}
