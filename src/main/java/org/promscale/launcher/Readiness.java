package org.promscale.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/** Asks the web application whether it is ready. */
final class Readiness {
  private static final int TIMEOUT_MILLIS = 2000;
  private static final int SHOWN_BYTES = 200;
  private static final int OK = 200;

  private final URI address;
  private final @Nullable OwnCertificate certificate;
  private volatile String lastAnswer = "no answer";

  /**
   * Watches a connector.
   *
   * @param url its URL without a path
   * @param certificate what it shows; null where it speaks HTTP
   */
  Readiness(String url, @Nullable OwnCertificate certificate) {
    this.certificate = certificate;
    address = URI.create(url + "/-/ready");
  }

  /** Waits for the answer 200; returns false when the time was up. */
  boolean await(Duration atMost) {
    return Poll.until(atMost, this::isReady);
  }

  /** Returns what was answered last, in one line. */
  String lastAnswer() {
    return lastAnswer;
  }

  private boolean isReady() {
    try {
      // Not java.net.http: its client costs half a second of the start.
      HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
      if (certificate != null && connection instanceof HttpsURLConnection secure) {
        certificate.trustedBy(secure);
      }
      connection.setConnectTimeout(TIMEOUT_MILLIS);
      connection.setReadTimeout(TIMEOUT_MILLIS);
      connection.setUseCaches(false);
      int status = connection.getResponseCode();
      try (InputStream body =
          status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
        byte[] start = body == null ? new byte[0] : body.readNBytes(SHOWN_BYTES);
        lastAnswer =
            status
                + " "
                + new String(start, StandardCharsets.UTF_8).strip().replaceAll("\\s*\\R\\s*", "; ");
      }
      return status == OK;
    } catch (IOException e) {
      lastAnswer = String.valueOf(e.getMessage());
      return false;
    }
  }
}
