package org.promscale.wire;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.OneLine;

/** The formats a body may have, told by its headers and never by its bytes. */
public enum WireFormat {
  /** Remote write 1.0: protobuf {@code prometheus.WriteRequest} in a snappy block. */
  REMOTE_WRITE_V1;

  private static final String PROTOBUF = "application/x-protobuf";
  private static final String V1 = "prometheus.WriteRequest";
  private static final String V2 = "io.prometheus.write.v2.Request";

  /**
   * Chooses the format. A missing Content-Type means remote write 1.0, a missing Content-Encoding
   * means snappy, as the reference receiver has it. The version header is not asked for: senders
   * exist that leave it out.
   *
   * @throws IngestFailure UNSUPPORTED for everything this receiver does not speak
   * @see <a href="https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#content-type">Content
   *     type</a>
   */
  public static WireFormat of(@Nullable String contentType, @Nullable String contentEncoding) {
    if (contentEncoding != null
        && !contentEncoding.isBlank()
        && !contentEncoding.strip().equalsIgnoreCase("snappy")) {
      throw unsupported(
          "cannot read Content-Encoding " + quoted(contentEncoding) + ": send snappy");
    }
    if (contentType == null || contentType.isBlank()) {
      return REMOTE_WRITE_V1;
    }
    String[] parts = contentType.split(";", -1);
    if (!parts[0].strip().equalsIgnoreCase(PROTOBUF)) {
      throw unsupported("cannot read Content-Type " + quoted(contentType) + ": send " + PROTOBUF);
    }
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals > 0
          && parts[i].substring(0, equals).strip().toLowerCase(Locale.ROOT).equals("proto")) {
        return ofMessage(unquote(parts[i].substring(equals + 1).strip()));
      }
    }
    return REMOTE_WRITE_V1;
  }

  /** Returns the format's Content-Type in full. */
  public String contentType() {
    return PROTOBUF + ";proto=" + V1;
  }

  private static WireFormat ofMessage(String message) {
    if (message.equals(V1)) {
      return REMOTE_WRITE_V1;
    }
    if (message.equals(V2)) {
      throw unsupported(
          "cannot read remote write 2.0 yet: set protobuf_message: " + V1 + " at the sender");
    }
    throw unsupported("cannot read protobuf message " + quoted(message) + ": send " + V1);
  }

  private static String unquote(String text) {
    boolean quoted = text.length() >= 2 && text.startsWith("\"") && text.endsWith("\"");
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  private static String quoted(String text) {
    return '"' + OneLine.of(text, 100) + '"';
  }

  private static IngestFailure unsupported(String message) {
    return new IngestFailure(FailureKind.UNSUPPORTED, message);
  }
}
