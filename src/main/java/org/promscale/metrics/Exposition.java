package org.promscale.metrics;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** The text form of all meters. Thread-safe. */
public final class Exposition {

  private final PrometheusRegistry registry;
  private final ExpositionFormats formats = ExpositionFormats.init();

  /** Shows the meters of this registry. */
  public Exposition(PrometheusRegistry registry) {
    this.registry = registry;
  }

  /** Returns the content type that answers this Accept header. */
  public String contentType(@Nullable String accept) {
    return writer(accept).getContentType();
  }

  /** Writes all meters in the format that answers this Accept header. */
  public void write(@Nullable String accept, OutputStream out) throws IOException {
    writer(accept).write(out, registry.scrape());
  }

  private ExpositionFormatWriter writer(@Nullable String accept) {
    return formats.findWriter(accept);
  }
}
