package org.promscale.boot;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** The only place that reads the machine's clocks. Everybody else is given one of these. */
@ApplicationScoped
public class Clocks {

  /** Wall time. */
  @Produces
  public InstantSource wallClock() {
    return InstantSource.system();
  }

  /** A clock for durations, in nanoseconds; it never jumps. */
  @Produces
  public LongSupplier nanoClock() {
    return System::nanoTime;
  }
}
