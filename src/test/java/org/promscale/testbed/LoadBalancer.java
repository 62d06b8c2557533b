package org.promscale.testbed;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Debian's {@code haproxy} in front of several connectors. It asks {@code /-/ready} twice a second
 * and sends nothing to a connector that does not answer 200. One thread at a time.
 */
public final class LoadBalancer extends HaproxyProcess {

  /** How senders are spread over the connectors. */
  public enum Balance {
    /** Every request goes to the next connector (layer 7). */
    PER_REQUEST,
    /** Every connection goes to the next connector and stays there (layer 4). */
    PER_CONNECTION
  }

  private final Balance balance;
  private final List<Integer> ports;

  private LoadBalancer(Balance balance, List<Integer> ports) {
    super("haproxy");
    this.balance = balance;
    this.ports = List.copyOf(ports);
  }

  /**
   * Starts a load balancer.
   *
   * @param ports where the connectors listen on the loopback address; at least one is ready
   */
  public static LoadBalancer startNew(Balance balance, List<Integer> ports) {
    LoadBalancer balancer = new LoadBalancer(balance, ports);
    balancer.start();
    return balancer;
  }

  /** Returns the address that senders write to. */
  public URI writeUri() {
    return uri("/api/v1/write");
  }

  @Override
  String configuration() {
    List<String> lines = new ArrayList<>();
    lines.add("global");
    lines.add("  maxconn 1000");
    lines.add("defaults");
    lines.add("  mode " + (balance == Balance.PER_REQUEST ? "http" : "tcp"));
    lines.add("  timeout connect 2s");
    lines.add("  timeout client 60s");
    lines.add("  timeout server 60s");
    lines.add("listen connectors");
    lines.add("  bind 127.0.0.1:" + port());
    lines.add("  balance roundrobin");
    lines.add("  option httpchk GET /-/ready");
    lines.add("  default-server check inter 500ms fall 2 rise 1");
    for (int i = 0; i < ports.size(); i++) {
      lines.add("  server connector" + i + " 127.0.0.1:" + ports.get(i));
    }
    return String.join("\n", lines) + "\n";
  }
}
