package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Debian's {@code prometheus} with a configuration and a data directory of its own. A restart keeps
 * both. One thread at a time.
 */
public final class PrometheusServer extends ServerProcess {

  private final String program;
  private final Path directory = Programs.temporaryDirectory("prometheus");
  private final int port = Programs.freePort();
  private final List<String> flags;

  private PrometheusServer(PrometheusConfig configuration, List<String> flags) {
    super("prometheus");
    this.program = Programs.require("prometheus", "prometheus");
    this.flags = List.copyOf(flags);
    write(configuration);
  }

  /** Starts a server that scrapes, and writes to a remote address if the configuration has one. */
  public static PrometheusServer startNew(PrometheusConfig configuration) {
    PrometheusServer server = new PrometheusServer(configuration, List.of());
    server.start();
    return server;
  }

  /** Starts a server that accepts remote write and scrapes nothing. */
  public static PrometheusServer startReceiver() {
    PrometheusServer server =
        new PrometheusServer(
            PrometheusConfig.empty(), List.of("--web.enable-remote-write-receiver"));
    server.start();
    return server;
  }

  @Override
  protected List<String> command() {
    List<String> line =
        new ArrayList<>(
            List.of(
                program,
                "--config.file=" + configurationFile(),
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=" + address(),
                "--web.enable-lifecycle"));
    line.addAll(flags);
    return line;
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(uri("/-/ready"));
  }

  /** Replaces the configuration of the running server. */
  public void reconfigure(PrometheusConfig configuration) {
    write(configuration);
    signal("HUP", processes());
  }

  /** Scrapes this job no longer; some seconds later its series end with stale markers. */
  public void removeTarget(String job) {
    writeTargets(job, "[]");
  }

  /** Returns host and port, as a scrape target is written. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** Returns the port on the loopback address. */
  public int port() {
    return port;
  }

  /** Returns an address of this server. */
  public URI uri(String path) {
    return URI.create("http://" + address() + path);
  }

  /** Returns the address that accepts remote write, where this server is a receiver. */
  public URI writeUri() {
    return uri("/api/v1/write");
  }

  /** Returns the address of remote read. */
  public URI readUri() {
    return uri("/api/v1/read");
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(directory);
  }

  private void write(PrometheusConfig configuration) {
    configuration
        .targets()
        .forEach(
            (job, target) ->
                writeTargets(
                    job,
                    "[{\"targets\": [\""
                        + (target.equals(PrometheusConfig.ITSELF) ? address() : target)
                        + "\"]}]"));
    replace(configurationFile(), configuration.toYaml());
  }

  private void writeTargets(String job, String json) {
    replace(directory.resolve(PrometheusConfig.targetFile(job)), json);
  }

  /** Replaces a file as a whole: Prometheus reads its target files as soon as they change. */
  private static void replace(Path file, String text) {
    try {
      Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
      Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path configurationFile() {
    return directory.resolve("prometheus.yml");
  }
}
