package org.promscale.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.JsonText;

/** An operator with curl: sends orders and reads what has happened. Immutable. */
record SteeringClient(ConnectorProcess connector, @Nullable String token) {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** An answer: its JSON, and the header that asks for a token. */
  record Answer(int status, Map<?, ?> json, String authenticate, String tag) {

    String error() {
      return String.valueOf(json.get("error"));
    }

    @Nullable Object get(String field) {
      return json.get(field);
    }

    /** Returns the objects of a list. */
    List<Map<?, ?>> list(String field) {
      if (json.get(field) instanceof List<?> all) {
        return all.stream().<Map<?, ?>>map(o -> (Map<?, ?>) o).toList();
      }
      throw new IllegalStateException("no list " + field + " in " + json);
    }
  }

  /** Sends an order as the guide shows it. */
  Answer order(String cluster, String action, String replica, String more) throws IOException {
    return send(
        cluster,
        action,
        "{\"replica\": \"" + replica + "\", \"reason\": \"upgrade\"" + more + "}",
        Map.of());
  }

  /** Sends a body. */
  Answer send(String cluster, String action, String body, Map<String, String> headers)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(cluster, "/" + action))
            .timeout(Duration.ofSeconds(20))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (!headers.containsKey("Content-Type")) {
      request.header("Content-Type", "application/json");
    }
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    headers.forEach(request::header);
    return ask(request.build());
  }

  /** Reads something of a cluster, for instance {@code /terms}; empty is the cluster itself. */
  Answer read(String cluster, String what) throws IOException {
    return ask(HttpRequest.newBuilder(uri(cluster, what)).timeout(Duration.ofSeconds(20)).build());
  }

  private URI uri(String cluster, String what) {
    return connector.uri(HaStatus.PATH + "/" + cluster + what);
  }

  private static Answer ask(HttpRequest request) throws IOException {
    try {
      HttpResponse<String> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
      return new Answer(
          response.statusCode(),
          (Map<?, ?>) Objects.requireNonNull(JsonText.parse(response.body())),
          response.headers().firstValue("WWW-Authenticate").orElse(""),
          response.headers().firstValue("ETag").orElse(""));
    } catch (IllegalArgumentException e) {
      throw new IOException("no JSON from " + request, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
