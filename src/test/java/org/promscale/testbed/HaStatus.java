package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one connector says of the clusters: its page {@code /api/v1/ha/clusters}.
 *
 * @param clusters in the order of the page
 */
public record HaStatus(List<Cluster> clusters) {

  /** Where connectors show it. */
  public static final String PATH = "/api/v1/ha/clusters";

  /**
   * A cluster.
   *
   * @param termStart data time of the term's first sample, null in the first term
   * @param frontier null before the first commit
   * @param seal null where nothing is closed
   */
  public record Cluster(
      int tenant,
      String cluster,
      String leader,
      long term,
      @Nullable Instant termStart,
      @Nullable Instant frontier,
      @Nullable Instant seal,
      double silenceSeconds,
      double timeoutSeconds,
      double settleSeconds,
      double viewAgeSeconds,
      List<Replica> replicas) {}

  /**
   * A replica of a cluster.
   *
   * @param newest newest data time it has sent, null if unknown
   * @param lagSeconds behind the frontier
   */
  public record Replica(
      String replica,
      boolean leader,
      @Nullable Instant lastSeen,
      @Nullable Instant newest,
      double lagSeconds) {}

  /**
   * Asks a connector.
   *
   * @param page its address of {@link #PATH}
   * @throws IOException when it does not answer 200 within two seconds
   */
  public static HaStatus of(URI page) throws IOException {
    HttpResponse<String> response = HttpProbe.get(page, Duration.ofSeconds(2));
    if (response.statusCode() != 200) {
      throw new IOException(page + " answered " + response.statusCode() + " " + response.body());
    }
    return parse(response.body());
  }

  /** Reads the page. */
  static HaStatus parse(String json) {
    return new HaStatus(
        members(object(JsonText.parse(json)), "clusters").stream().map(HaStatus::cluster).toList());
  }

  /** Returns the cluster of tenant 0 with this name, if it is known. */
  public Optional<Cluster> cluster(String name) {
    return clusters.stream().filter(c -> c.tenant() == 0 && c.cluster().equals(name)).findFirst();
  }

  /** Returns the leader of a cluster, empty if it has none. */
  public String leader(String cluster) {
    return cluster(cluster).map(Cluster::leader).orElse("");
  }

  private static Cluster cluster(Map<?, ?> json) {
    return new Cluster(
        (int) number(json, "tenant"),
        text(json, "cluster"),
        text(json, "leader"),
        (long) number(json, "term"),
        time(json, "term_start"),
        time(json, "frontier"),
        time(json, "seal"),
        number(json, "silence_seconds"),
        number(json, "timeout_seconds"),
        number(json, "settle_seconds"),
        number(json, "view_age_seconds"),
        members(json, "replicas").stream().map(HaStatus::replica).toList());
  }

  private static Replica replica(Map<?, ?> json) {
    return new Replica(
        text(json, "replica"),
        Boolean.TRUE.equals(json.get("leader")),
        time(json, "last_seen"),
        time(json, "newest"),
        number(json, "lag_seconds"));
  }

  private static List<Map<?, ?>> members(Map<?, ?> json, String key) {
    if (json.get(key) instanceof List<?> list) {
      return list.stream().<Map<?, ?>>map(HaStatus::object).toList();
    }
    throw new IllegalArgumentException("no list '" + key + "' in " + json);
  }

  private static Map<?, ?> object(@Nullable Object json) {
    if (json instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException("not an object: " + json);
  }

  private static String text(Map<?, ?> json, String key) {
    if (json.get(key) instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException("no text '" + key + "' in " + json);
  }

  /** What is unknown is null on the page and NaN here. */
  private static double number(Map<?, ?> json, String key) {
    if (!json.containsKey(key)) {
      throw new IllegalArgumentException("no '" + key + "' in " + json);
    }
    return json.get(key) instanceof Double number ? number : Double.NaN;
  }

  private static @Nullable Instant time(Map<?, ?> json, String key) {
    if (!json.containsKey(key)) {
      throw new IllegalArgumentException("no '" + key + "' in " + json);
    }
    return json.get(key) instanceof String text ? Instant.parse(text) : null;
  }
}
