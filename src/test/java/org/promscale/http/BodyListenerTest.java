package org.promscale.http;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.wire.ArrivingBodies;
import org.promscale.wire.ArrivingBody;
import org.promscale.wire.BufferPool;

/**
 * Who asks for the dispatch of a body that has become complete: servers forget one now and then.
 */
class BodyListenerTest {

  private static final int LENGTH = 4;

  private final ArrivingBodies bodies =
      new ArrivingBodies(
          new ArrivingBodies.Limits(1 << 20, 10, 1 << 24),
          new BufferPool(2, 1 << 20),
          () -> 0,
          () -> {});
  private final ArrivingBody body = bodies.begin(LENGTH);
  private final List<String> dispatches = new ArrayList<>();

  /**
   * Has all bytes at once; tells its listener of them by another thread, during the call or later.
   */
  private static final class Stream extends ServletInputStream {
    private final boolean duringTheCall;
    private int left = LENGTH;
    private @Nullable ReadListener listener;

    Stream(boolean duringTheCall) {
      this.duringTheCall = duringTheCall;
    }

    @Override
    public boolean isFinished() {
      return left == 0;
    }

    @Override
    public boolean isReady() {
      return left > 0;
    }

    @Override
    public void setReadListener(ReadListener told) {
      listener = told;
      if (duringTheCall) {
        arrive();
      }
    }

    void arrive() {
      Thread reader = new Thread(this::tell, "reader");
      reader.start();
      try {
        reader.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void tell() {
      ReadListener told = listener;
      if (told == null) {
        throw new IllegalStateException("nobody listens");
      }
      try {
        told.onDataAvailable();
        told.onAllDataRead();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public int read() {
      return left-- > 0 ? 1 : -1;
    }

    @Override
    public int read(byte[] bytes, int from, int length) {
      int read = Math.min(left, length);
      left -= read;
      return read > 0 ? read : -1;
    }
  }

  private AsyncContext context() {
    return (AsyncContext)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {AsyncContext.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("dispatch")) {
                dispatches.add(Thread.currentThread().getName());
              }
              return null;
            });
  }

  private void listen(Stream stream) {
    BodyListener.listen(context(), stream, body, (response, why) -> {});
  }

  @Test
  @DisplayName("Complete while the request's thread is there: that thread asks, after it listens")
  void duringTheCall() {
    listen(new Stream(true));
    assertThat(dispatches).containsExactly(Thread.currentThread().getName());
    assertThat(body.takeOver().length()).isEqualTo(LENGTH);
  }

  @Test
  @DisplayName("Complete later: the thread that read the last byte asks")
  void afterTheCall() {
    Stream stream = new Stream(false);
    listen(stream);
    assertThat(dispatches).isEmpty();
    stream.arrive();
    assertThat(dispatches).containsExactly("reader");
    assertThat(body.takeOver().length()).isEqualTo(LENGTH);
  }
}
