package org.promscale.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Reads every request and says that it was stored. Thread-safe. */
final class NullReceiver implements AutoCloseable {

  private static final byte[] ANSWER =
      "HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  NullReceiver() throws IOException {
    threads.execute(this::accept);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort() + "/api/v1/write");
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        threads.execute(() -> answer(socket));
      } catch (IOException e) {
        // Closed: the run is over.
        return;
      }
    }
  }

  private static void answer(Socket socket) {
    try (socket) {
      InputStream input = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      while (true) {
        int length = 0;
        for (String line = ShardSender.readLine(input);
            !line.isEmpty();
            line = ShardSender.readLine(input)) {
          if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
            length = Integer.parseInt(line.substring(15).strip());
          }
        }
        input.skipNBytes(length);
        socket.getOutputStream().write(ANSWER);
      }
    } catch (IOException e) {
      // The sender has closed the connection.
      return;
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    threads.shutdownNow();
  }
}
