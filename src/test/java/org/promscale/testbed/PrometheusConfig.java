package org.promscale.testbed;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A configuration of Prometheus: what it scrapes and where it writes. Immutable; the {@code with}
 * methods return changed copies.
 *
 * @param scrapeInterval time between two scrapes of every target
 * @param externalLabels labels that Prometheus adds to everything it sends
 * @param targets job names to host:port; an address of {@link #ITSELF} means the server itself
 * @param remoteWrite where to send samples; NAME:PASSWORD@ in it becomes {@code basic_auth}
 * @param queue settings of {@code queue_config}
 */
public record PrometheusConfig(
    Duration scrapeInterval,
    Map<String, String> externalLabels,
    Map<String, String> targets,
    Optional<URI> remoteWrite,
    Map<String, String> queue) {

  /** A target address that stands for the server itself. */
  public static final String ITSELF = "itself";

  /** Returns a configuration without targets that sends nothing. */
  public static PrometheusConfig empty() {
    return new PrometheusConfig(
        Duration.ofSeconds(1), Map.of(), Map.of(), Optional.empty(), Map.of());
  }

  /** Scrapes at this interval. */
  public PrometheusConfig withScrapeInterval(Duration interval) {
    return new PrometheusConfig(interval, externalLabels, targets, remoteWrite, queue);
  }

  /** Adds an external label. */
  public PrometheusConfig withExternalLabel(String name, String value) {
    return new PrometheusConfig(
        scrapeInterval, plus(externalLabels, name, value), targets, remoteWrite, queue);
  }

  /** Scrapes one more target, as a job of its own. */
  public PrometheusConfig withTarget(String job, String address) {
    return new PrometheusConfig(
        scrapeInterval, externalLabels, plus(targets, job, address), remoteWrite, queue);
  }

  /** Sends samples to this address. */
  public PrometheusConfig withRemoteWrite(URI address) {
    return new PrometheusConfig(
        scrapeInterval, externalLabels, targets, Optional.of(address), queue);
  }

  /** Sets a key of {@code queue_config}, for instance {@code max_shards}. */
  public PrometheusConfig withQueue(String key, String value) {
    return new PrometheusConfig(
        scrapeInterval, externalLabels, targets, remoteWrite, plus(queue, key, value));
  }

  /** Returns the name of the file, beside the configuration, that holds the target of a job. */
  static String targetFile(String job) {
    return "targets-" + job + ".json";
  }

  /** Returns the configuration file. */
  String toYaml() {
    List<String> lines = new ArrayList<>();
    lines.add("global:");
    lines.add("  scrape_interval: " + scrapeInterval.toMillis() + "ms");
    lines.add("  scrape_timeout: " + scrapeInterval.toMillis() + "ms");
    if (!externalLabels.isEmpty()) {
      lines.add("  external_labels:");
      externalLabels.forEach((name, value) -> lines.add("    " + name + ": '" + value + "'"));
    }
    if (!targets.isEmpty()) {
      lines.add("scrape_configs:");
    }
    for (String job : targets.keySet()) {
      lines.add("  - job_name: " + job);
      // A target that leaves a file gets its stale markers; one that leaves this configuration
      // does not.
      lines.add("    file_sd_configs:");
      lines.add("      - files: ['" + targetFile(job) + "']");
    }
    remoteWrite.ifPresent(
        address -> {
          lines.add("remote_write:");
          String user = address.getUserInfo();
          lines.add("  - url: " + address.toString().replace(user + "@", ""));
          if (user != null) {
            int colon = user.indexOf(':');
            lines.add("    basic_auth:");
            lines.add("      username: '" + user.substring(0, colon) + "'");
            lines.add("      password: '" + user.substring(colon + 1) + "'");
          }
          if (!queue.isEmpty()) {
            lines.add("    queue_config:");
            queue.forEach((key, value) -> lines.add("      " + key + ": " + value));
          }
        });
    return String.join("\n", lines) + "\n";
  }

  private static Map<String, String> plus(Map<String, String> map, String key, String value) {
    Map<String, String> more = new TreeMap<>(map);
    more.put(key, value);
    return more;
  }
}
