package org.promscale.http;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.promscale.ingest.IngestFailure;
import org.promscale.wire.ArrivingBody;

/**
 * Collects a body without a thread that waits for it: the server calls when there are bytes. A
 * complete one goes on to its resource by a dispatch. All decisions are those of {@link
 * ArrivingBody}, whose lock keeps the stream from being touched after the end.
 */
final class BodyListener implements ReadListener, AsyncListener {

  private static final Logger LOG = System.getLogger(BodyListener.class.getName());

  /** Longer than a body may take and its resource after it: only what went astray gets there. */
  private static final long TIMEOUT_MILLIS = 90_000;

  /**
   * Undertow reads what a sender goes on to send after the answer, on a thread that waits for it,
   * however slowly it comes. But at this timeout, which its dispatches end, it closes a connection
   * that has got its answer.
   */
  private static final long UNDERTOWS_TIMEOUT_MILLIS = 32_000;

  private static final String UNDERTOW = "io.undertow.";

  /**
   * Payara (6.2025.10) forgets a dispatch that another thread asks for in the moment in which the
   * request's own thread leaves it: it looks whether that has left, and only then writes down what
   * is to be done. Between the two, the first time, it loads this class.
   */
  private static final String PAYARAS_DISPATCH = "$Handler";

  private static final AtomicBoolean LOADED = new AtomicBoolean();

  /** Whether the thread of the request has left, and whether the body is complete. */
  private enum Stage {
    IN_SERVICE,
    LEFT,
    COMPLETE
  }

  private final AsyncContext context;
  private final ServletInputStream in;
  private final ArrivingBody body;
  private final BiConsumer<HttpServletResponse, IngestFailure> refusal;
  private final boolean onUndertow;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.IN_SERVICE);
  private volatile boolean broken;

  private BodyListener(
      AsyncContext context,
      ServletInputStream in,
      ArrivingBody body,
      BiConsumer<HttpServletResponse, IngestFailure> refusal) {
    this.context = context;
    this.in = in;
    this.body = body;
    this.refusal = refusal;
    this.onUndertow = context.getClass().getName().startsWith(UNDERTOW);
  }

  /**
   * Begins to listen; the thread of the request is free after that, and has to leave at once.
   *
   * @param refusal writes the answer if the body fails
   */
  static void listen(
      AsyncContext context,
      ServletInputStream in,
      ArrivingBody body,
      BiConsumer<HttpServletResponse, IngestFailure> refusal) {
    BodyListener listener = new BodyListener(context, in, body, refusal);
    context.setTimeout(listener.onUndertow ? UNDERTOWS_TIMEOUT_MILLIS : TIMEOUT_MILLIS);
    context.addListener(listener);
    load(context.getClass());
    in.setReadListener(listener);
    body.whenFailed(listener::refuse);
    if (!listener.stage.compareAndSet(Stage.IN_SERVICE, Stage.LEFT)) {
      listener.dispatch();
    }
  }

  /** Loads what the first dispatch needs, so that it takes no time then. Once is enough. */
  private static void load(Class<?> contexts) {
    if (!LOADED.compareAndSet(false, true)) {
      return;
    }
    try {
      Class.forName(contexts.getName() + PAYARAS_DISPATCH, true, contexts.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      LOG.log(Level.TRACE, "not Payara", e);
    }
  }

  @Override
  public void onDataAvailable() {
    if (body.take(in, in::isReady)) {
      goOn();
    }
  }

  @Override
  public void onAllDataRead() {
    if (body.end()) {
      goOn();
    }
  }

  @Override
  public void onError(Throwable cause) {
    broken = true;
    body.broke(cause);
  }

  private void goOn() {
    // While the request's own thread is here it dispatches itself: no server can forget it then.
    // Twice COMPLETE: a server may tell of the end from within the call that asks it for more.
    if (stage.getAndSet(Stage.COMPLETE) == Stage.LEFT) {
      dispatch();
    }
  }

  private void dispatch() {
    try {
      context.dispatch();
    } catch (RuntimeException e) {
      // The request has ended, or the application: nobody is left who could be answered.
      LOG.log(Level.DEBUG, "a complete body could not go on", e);
      body.giveUp();
    }
  }

  /** On a thread of the server: the one that found the failure may be none that can answer. */
  private void refuse(IngestFailure failure) {
    try {
      context.start(
          () -> {
            try {
              refusal.accept((HttpServletResponse) context.getResponse(), failure);
            } finally {
              if (broken || !onUndertow) {
                context.complete();
              }
            }
          });
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "a body failed after the end of its request", e);
    }
  }

  @Override
  public void onComplete(AsyncEvent event) {
    body.giveUp();
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    body.giveUp();
  }

  @Override
  public void onError(AsyncEvent event) {
    body.giveUp();
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // Nobody starts it again.
  }
}
