package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Short GET requests with a time limit. Thread-safe. */
public final class HttpProbe {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();

  private HttpProbe() {}

  /**
   * Gets a page.
   *
   * @param atMost until the whole body has arrived
   * @throws IOException also when the time is up
   */
  public static HttpResponse<String> get(URI uri, Duration atMost) throws IOException {
    try {
      return CLIENT.send(
          HttpRequest.newBuilder(uri).timeout(atMost).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Tells whether a page answers 200 within two seconds. */
  public static boolean isOk(URI uri) throws IOException {
    return get(uri, Duration.ofSeconds(2)).statusCode() == 200;
  }
}
