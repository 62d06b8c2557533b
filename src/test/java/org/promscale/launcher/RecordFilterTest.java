package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of the server's log a person sees, at its usual level. */
class RecordFilterTest {

  @ParameterizedTest(name = "{0} of {1}: {2}")
  @CsvSource({
    "INFO, org.promscale.boot.Lifecycle, true",
    "INFO, org.jboss.weld.Version, false",
    "WARNING, org.jboss.weld.Bootstrap, true",
    "WARNING, org.jboss.weld.Context, false",
    "WARNING, org.jboss.weld.Servlet, false",
    "WARNING, org.jboss.weld.Conversation, false",
    "SEVERE, org.jboss.weld.Context, true",
    "WARNING, javax.enterprise.resource.resourceadapter, false",
    "SEVERE, javax.enterprise.resource.resourceadapter, true"
  })
  void shows(String level, String logger, boolean shown) {
    LogRecord entry = new LogRecord(Level.parse(level), "text");
    entry.setLoggerName(logger);
    assertThat(new RecordFilter().isLoggable(entry)).isEqualTo(shown);
  }
}
