package org.promscale.launcher;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the connector listens. Immutable.
 *
 * @param host a host name or IP address without brackets; empty means every interface
 * @param port 1 to 65535
 */
record ListenAddress(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(\\[(?<six>[0-9a-fA-F:.%]+)]|(?<host>[^:\\[\\]\\s]*)):(?<port>\\d{1,5})");

  /**
   * Reads {@code :9201}, {@code 127.0.0.1:9201}, {@code host:9201} or {@code [::1]:9201}.
   *
   * @throws LaunchFailure when the text is none of these
   */
  static ListenAddress parse(String text) throws LaunchFailure {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      int port = Integer.parseInt(matcher.group("port"));
      String six = matcher.group("six");
      String host = six == null ? matcher.group("host") : six;
      if (port >= 1 && port <= 65_535) {
        return new ListenAddress(host == null ? "" : host, port);
      }
    }
    throw LaunchFailure.usage(
        "-web.listen-address: '" + text + "' is not host:port, for instance :9201 or [::1]:9201");
  }

  /**
   * Makes sure that the address can be bound, before anything expensive starts.
   *
   * @throws LaunchFailure when the port is taken or the address is not of this machine
   */
  void requireFree() throws LaunchFailure {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(
          host.isEmpty()
              ? new InetSocketAddress(port)
              : new InetSocketAddress(InetAddress.getByName(host), port));
    } catch (UnknownHostException e) {
      throw LaunchFailure.environment("-web.listen-address: unknown host '" + host + "'");
    } catch (BindException e) {
      throw LaunchFailure.environment(
          "cannot listen on "
              + this
              + " ("
              + e.getMessage()
              + "): set another -web.listen-address");
    } catch (IOException e) {
      throw LaunchFailure.environment("cannot listen on " + this + ": " + e.getMessage());
    }
  }

  /** Returns the start of a URL by which this machine reaches the connector over HTTP. */
  String localUrl() {
    return localUrl("http");
  }

  /** Returns the start of a URL with this scheme. */
  String localUrl(String scheme) {
    String reachable = host.isEmpty() || host.equals("0.0.0.0") ? "127.0.0.1" : host;
    return scheme + "://" + (reachable.equals("::") ? "[::1]" : bracketed(reachable)) + ":" + port;
  }

  @Override
  public String toString() {
    return bracketed(host) + ":" + port;
  }

  private static String bracketed(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
  }
}
