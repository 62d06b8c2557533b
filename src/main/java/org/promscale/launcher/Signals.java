package org.promscale.launcher;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Hears the signals that ask the process to end, before the runtime does. Shutdown hooks all start
 * at once, and the server's own would take the application away while its listener still answers.
 *
 * <p>{@code sun.misc.Signal} by reflection: the compiler warns of every direct use, and its warning
 * cannot be switched off.
 */
final class Signals {
  private static final Map<String, Integer> NUMBERS = Map.of("TERM", 15, "INT", 2);

  private Signals() {}

  /**
   * Runs the action, on a thread of its own, for SIGTERM and SIGINT instead of the runtime's
   * shutdown. Does nothing on a runtime without signals: its shutdown hooks then do the work.
   *
   * @param action gets the exit status that is usual after the signal
   */
  static void onTermination(IntConsumer action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = signal.getMethod("handle", signal, handler);
      for (Map.Entry<String, Integer> entry : NUMBERS.entrySet()) {
        int status = 128 + entry.getValue();
        Object proxy =
            Proxy.newProxyInstance(
                Signals.class.getClassLoader(),
                new Class<?>[] {handler},
                (self, method, arguments) -> {
                  if (method.getName().equals("handle")) {
                    action.accept(status);
                  }
                  return null;
                });
        handle.invoke(null, signal.getConstructor(String.class).newInstance(entry.getKey()), proxy);
      }
    } catch (ReflectiveOperationException e) {
      return; // a runtime without them, or the signal belongs to somebody else: -Xrs for instance
    }
  }
}
