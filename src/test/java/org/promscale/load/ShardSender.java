package org.promscale.load;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends the bodies of one shard over one connection, each after the answer to the last. A plain
 * socket: the sender runs on the cores that it measures. One thread.
 */
final class ShardSender {

  private static final long BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final URI target;
  private final Supplier<byte @Nullable []> bodies;
  private @Nullable Socket socket;
  private @Nullable InputStream answers;

  /**
   * Prepares.
   *
   * @param bodies the next one each time, null when there is none any more
   */
  ShardSender(URI target, Supplier<byte @Nullable []> bodies) {
    this.target = target;
    this.bodies = bodies;
  }

  /**
   * Sends until the instant, or until no body is left; returns after the last answer.
   *
   * @param nanosPerRequest pace; 0 sends as fast as answers come
   */
  ShardResult sendUntil(long endNanoTime, long nanosPerRequest) throws IOException {
    ShardResult result = new ShardResult();
    long due = System.nanoTime();
    while (System.nanoTime() < endNanoTime) {
      byte[] body = bodies.get();
      if (body == null) {
        result.ranDry = true;
        return result;
      }
      if (nanosPerRequest > 0) {
        parkUntil(due);
      }
      // With a pace, from when the request was due: a late answer delays the following ones too.
      long start = nanosPerRequest > 0 ? due : System.nanoTime();
      sendUntilAccepted(body, result);
      result.accepted(System.nanoTime() - start);
      due += nanosPerRequest;
    }
    return result;
  }

  private void sendUntilAccepted(byte[] body, ShardResult result) throws IOException {
    long giveUp = System.nanoTime() + PATIENCE_NANOS;
    String trouble = "";
    while (System.nanoTime() < giveUp) {
      try {
        int status = send(body);
        if (status / 100 == 2) {
          return;
        }
        trouble = "the receiver answered " + status;
        if (status / 100 != 5) {
          break;
        }
      } catch (IOException e) {
        // As a real sender after a broken connection: the same bytes again.
        disconnect();
        trouble = e.toString();
      }
      result.retries++;
      parkUntil(System.nanoTime() + BACKOFF_NANOS);
    }
    throw new IOException("a request was not accepted: " + trouble);
  }

  private int send(byte[] body) throws IOException {
    Socket connected = socket;
    InputStream input = answers;
    if (connected == null || input == null) {
      connected = new Socket();
      connected.setTcpNoDelay(true);
      connected.connect(new InetSocketAddress(target.getHost(), target.getPort()), 5_000);
      connected.setSoTimeout(30_000);
      input = new BufferedInputStream(connected.getInputStream(), 1024);
      socket = connected;
      answers = input;
    }
    String head =
        "POST "
            + target.getPath()
            + " HTTP/1.1\r\nHost: "
            + target.getAuthority()
            + "\r\nUser-Agent: Prometheus/2.42.0\r\nContent-Encoding: snappy\r\n"
            + "Content-Type: application/x-protobuf\r\n"
            + "X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    byte[] headBytes = head.getBytes(StandardCharsets.US_ASCII);
    byte[] message = new byte[headBytes.length + body.length];
    System.arraycopy(headBytes, 0, message, 0, headBytes.length);
    System.arraycopy(body, 0, message, headBytes.length, body.length);
    connected.getOutputStream().write(message);
    return readAnswer(input);
  }

  private int readAnswer(InputStream input) throws IOException {
    String statusLine = readLine(input);
    int status = Integer.parseInt(statusLine.substring(9, 12));
    int length = 0;
    boolean reusable = true;
    for (String line = readLine(input); !line.isEmpty(); line = readLine(input)) {
      String header = line.toLowerCase(Locale.ROOT);
      if (header.startsWith("content-length:")) {
        length = Integer.parseInt(header.substring(15).strip());
      } else if (header.startsWith("transfer-encoding:") || header.equals("connection: close")) {
        reusable = false;
      }
    }
    if (reusable) {
      input.skipNBytes(length);
    } else {
      disconnect();
    }
    return status;
  }

  /** Reads a line of a message head. */
  static String readLine(InputStream input) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = input.read(); c != '\n'; c = input.read()) {
      if (c < 0) {
        throw new EOFException("connection closed");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /** Closes the connection; the next request opens another. */
  void disconnect() throws IOException {
    Socket connected = socket;
    socket = null;
    answers = null;
    if (connected != null) {
      connected.close();
    }
  }

  private static void parkUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
