package org.promscale.system;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many connections that all do the same: send the head of a request, and then a few bytes at a time
 * for ever. One that is closed is replaced. One thread for all of them; its counts are thread-safe.
 */
final class Crowd implements AutoCloseable {

  /** The end of a connection without an answer. */
  static final String NO_ANSWER = "none";

  private static final int CONNECTS_A_TICK = 500;

  private final InetSocketAddress server;
  private final int size;
  private final byte[] head;
  private final byte[] piece;
  private final long pieceNanos;
  private final Map<String, Long> answers = new ConcurrentSkipListMap<>();
  private final AtomicLong open = new AtomicLong();
  private final AtomicLong closed = new AtomicLong();
  private final AtomicLong longestToAnswer = new AtomicLong();
  private final AtomicLong longestToClose = new AtomicLong();
  private final Selector selector;
  private final Thread thread;
  private volatile boolean ending;

  private Crowd(URI server, int size, byte[] head, byte[] piece, Duration every)
      throws IOException {
    this.server = new InetSocketAddress(server.getHost(), server.getPort());
    this.size = size;
    this.head = head;
    this.piece = piece;
    this.pieceNanos = every.toNanos();
    this.selector = Selector.open();
    this.thread = new Thread(this::run, "crowd");
    thread.setDaemon(true);
    thread.start();
  }

  /** Connections that say nothing at all. */
  static Crowd idle(URI server, int size) throws IOException {
    return new Crowd(server, size, new byte[0], new byte[0], Duration.ofSeconds(1));
  }

  /**
   * Requests whose bodies trickle.
   *
   * @param path where to
   * @param framing header lines that say how long the body is, with their line ends
   * @param piece sent once a second; none if it is empty
   */
  static Crowd trickling(URI server, int size, String path, String framing, byte[] piece)
      throws IOException {
    String head =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: "
            + server.getAuthority()
            + "\r\nContent-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
            + framing
            + "\r\n";
    return new Crowd(
        server, size, head.getBytes(StandardCharsets.US_ASCII), piece, Duration.ofSeconds(1));
  }

  /** Returns how often which status came, {@link #NO_ANSWER} for a connection closed without. */
  Map<String, Long> answers() {
    return Map.copyOf(answers);
  }

  /** Returns how many connections are open now. */
  long open() {
    return open.get();
  }

  /** Returns how many were closed by the server. */
  long closed() {
    return closed.get();
  }

  /** Returns the longest times from a connection's begin to its answer and to its end. */
  String longest() {
    return "longest %.1f s to an answer, %.1f s to the end"
        .formatted(longestToAnswer.get() / 1e9, longestToClose.get() / 1e9);
  }

  @Override
  public void close() {
    ending = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    List<Visitor> visitors = new ArrayList<>();
    ByteBuffer answer = ByteBuffer.allocate(4_096);
    try {
      while (!ending) {
        for (int i = 0; i < CONNECTS_A_TICK && visitors.size() < size; i++) {
          visitors.add(new Visitor());
        }
        selector.select(100);
        selector.selectedKeys().forEach(key -> ((Visitor) key.attachment()).ready(answer));
        selector.selectedKeys().clear();
        long now = System.nanoTime();
        visitors.forEach(visitor -> visitor.trickle(now));
        visitors.removeIf(visitor -> visitor.gone);
      }
    } catch (IOException e) {
      answers.merge("failed: " + e, 1L, Long::sum);
    } finally {
      visitors.forEach(Visitor::leave);
      try {
        selector.close();
      } catch (IOException e) {
        answers.merge("failed: " + e, 1L, Long::sum);
      }
    }
  }

  /** One connection. */
  private final class Visitor {
    private final SocketChannel channel = SocketChannel.open();
    private final long began = System.nanoTime();
    private long due = began;
    private ByteBuffer out = ByteBuffer.wrap(head);
    private boolean connected;
    private boolean answered;
    private boolean gone;

    Visitor() throws IOException {
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_CONNECT, this);
      open.incrementAndGet();
      channel.connect(server);
    }

    void ready(ByteBuffer answer) {
      try {
        if (!connected) {
          connected = channel.finishConnect();
          channel.register(selector, SelectionKey.OP_READ, this);
          return;
        }
        answer.clear();
        int read = channel.read(answer);
        if (read < 0) {
          ended();
        } else if (read > 0 && !answered) {
          answered = true;
          longestToAnswer.accumulateAndGet(System.nanoTime() - began, Math::max);
          String text = StandardCharsets.US_ASCII.decode(answer.flip()).toString();
          answers.merge(text.length() < 12 ? text : text.substring(9, 12), 1L, Long::sum);
        }
      } catch (IOException e) {
        ended();
      }
    }

    void trickle(long now) {
      if (!connected || gone || now < due) {
        return;
      }
      try {
        if (!out.hasRemaining() && piece.length > 0) {
          out = ByteBuffer.wrap(piece);
        }
        due = now + pieceNanos;
        if (out.hasRemaining()) {
          channel.write(out);
        }
      } catch (IOException e) {
        ended();
      }
    }

    private void ended() {
      if (!gone) {
        closed.incrementAndGet();
        longestToClose.accumulateAndGet(System.nanoTime() - began, Math::max);
        if (!answered) {
          answers.merge(NO_ANSWER, 1L, Long::sum);
        }
        leave();
      }
    }

    void leave() {
      if (!gone) {
        gone = true;
        open.decrementAndGet();
        try {
          channel.close();
        } catch (IOException e) {
          answers.merge("failed: " + e, 1L, Long::sum);
        }
      }
    }
  }
}
