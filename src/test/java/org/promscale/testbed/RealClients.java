package org.promscale.testbed;

import org.junit.jupiter.api.Assumptions;

/** The consent to run a test without the real clients. */
public final class RealClients {

  private RealClients() {}

  /**
   * Skips the calling test if {@code -Dskip.real-clients} asks for it, and says so; otherwise a
   * missing client fails the test.
   */
  public static void require() {
    String skip = System.getProperty("skip.real-clients", "false");
    if (!skip.equals("false")) {
      String caller =
          StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
              .getCallerClass()
              .getSimpleName();
      System.out.println("SKIPPED because of -Dskip.real-clients: " + caller);
      Assumptions.abort("-Dskip.real-clients");
    }
  }
}
