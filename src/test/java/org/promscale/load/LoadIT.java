package org.promscale.load;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Measures the packaged jar under load: {@code ./mvnw verify -Pload}.
 *
 * <p>It starts PostgreSQL and the jar, sends real exporter series as remote write 1.0, and prints
 * samples per second, raw binary COPY of the same rows in the same server beside it, CPU seconds
 * and latencies. Arguments are system properties:
 *
 * <pre>
 * -Dload.target=connector      or prometheus (its own receiver), or sink (the sender alone)
 * -Dload.series=20000          series
 * -Dload.samples-per-request=2000
 * -Dload.shards=8              connections, one request in flight on each
 * -Dload.warm-up-seconds=15
 * -Dload.seconds=30            measured
 * -Dload.rate=0                samples per second to keep to; 0: as fast as possible
 * -Dload.max-rate=1000000      bodies are made before the run, for at most this rate
 * -Dload.step-ms=10000         sample time between two samples of a series
 * -Dload.cluster= -Dload.replica=     HA labels
 * -Dload.copy-rows=10000000    rows for the comparison with COPY; 0 leaves it out
 * -Dload.pairs=0              instead: so many pairs of short runs without and with high availability
 * -Dload.java-options= -Dload.connector-arguments=    separated by blanks
 * </pre>
 */
@Tag("load")
class LoadIT {

  @Test
  void measure() throws Exception {
    LoadSettings settings = LoadSettings.fromSystemProperties();
    if (LoadSettings.pairs() > 0) {
      new LoadPairs(settings, LoadSettings.pairs(), System.out).run();
    } else {
      new LoadRun(settings, System.out).run();
    }
  }
}
