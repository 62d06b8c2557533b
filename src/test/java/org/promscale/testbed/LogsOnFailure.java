package org.promscale.testbed;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Prints the end of every server's log when a test fails. Registered for all tests through {@code
 * META-INF/services}.
 */
public final class LogsOnFailure
    implements TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler,
        AfterAllCallback {

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    print(context);
    throw failure;
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    print(context);
    throw failure;
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    print(context);
    throw failure;
  }

  @Override
  public void afterAll(ExtensionContext context) {
    TestLogs.forget();
  }

  private static void print(ExtensionContext context) {
    if (!TestLogs.opened().isEmpty()) {
      System.err.println("Logs of the servers in " + context.getDisplayName() + ":");
      TestLogs.opened().forEach(log -> System.err.println(TestLogs.tail(log)));
    }
  }
}
