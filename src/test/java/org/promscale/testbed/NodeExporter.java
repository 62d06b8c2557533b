package org.promscale.testbed;

import java.net.URI;
import java.util.List;

/**
 * Debian's {@code prometheus-node-exporter} on a free port: hundreds of real series. One thread at
 * a time.
 */
public final class NodeExporter extends ServerProcess {

  private final String program;
  private final int port = Programs.freePort();

  private NodeExporter() {
    super("node-exporter");
    this.program = Programs.require("prometheus-node-exporter", "prometheus-node-exporter");
  }

  /** Starts an exporter that can be scraped. */
  public static NodeExporter startNew() {
    NodeExporter exporter = new NodeExporter();
    exporter.start();
    return exporter;
  }

  @Override
  protected List<String> command() {
    return List.of(program, "--web.listen-address=" + address());
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(metricsUri());
  }

  /** Returns host and port, as a scrape target is written. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** Returns the page that is scraped. */
  public URI metricsUri() {
    return URI.create("http://" + address() + "/metrics");
  }
}
