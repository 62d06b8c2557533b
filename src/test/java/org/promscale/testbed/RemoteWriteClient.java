package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/** Sends remote write 1.0 requests and reports the answers. Thread-safe. */
public final class RemoteWriteClient {

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final Duration timeout;

  /** Makes a client that waits 30 s for an answer, as Prometheus does. */
  public RemoteWriteClient() {
    this(Duration.ofSeconds(30));
  }

  /** Makes a client that gives up waiting for an answer after this time. */
  public RemoteWriteClient(Duration timeout) {
    this.timeout = timeout;
  }

  /** Returns the body of a request: a snappy block. */
  public static byte[] encode(WriteRequest request) {
    try {
      return Snappy.compress(request.toByteArray());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends a request once. */
  public Answer write(URI address, WriteRequest request) throws IOException {
    return post(address, encode(request));
  }

  /**
   * Sends a body once.
   *
   * @throws IOException when no answer came: nobody knows whether the body was stored
   */
  public Answer post(URI address, byte[] body) throws IOException {
    HttpRequest post =
        HttpRequest.newBuilder(address)
            .timeout(timeout)
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .header("User-Agent", "Prometheus/2.42.0")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try {
      HttpResponse<String> response = client.send(post, HttpResponse.BodyHandlers.ofString());
      return new Answer(
          response.statusCode(),
          response.body(),
          response.headers().firstValue("Retry-After").orElse(""),
          response);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /**
   * An answer.
   *
   * @param status HTTP status
   * @param body text for a person
   * @param retryAfter value of that header, or empty
   * @param response for further headers
   */
  public record Answer(int status, String body, String retryAfter, HttpResponse<String> response) {

    /** Everything was accepted and is durable. */
    public boolean isAcknowledged() {
      return status / 100 == 2;
    }

    /** The sender must send the same bytes again. */
    public boolean isRetried() {
      return status / 100 == 5;
    }

    /** Returns the value of a header. */
    public Optional<String> header(String name) {
      return response.headers().firstValue(name);
    }
  }
}
