package org.promscale.http;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.metrics.IngestMeters;
import org.promscale.wire.ArrivingBodies;
import org.promscale.wire.ArrivingBody;
import org.promscale.wire.WireFormat;

/**
 * Refuses formats that we do not read before JAX-RS sees the request: that would answer a malformed
 * Content-Type with a page of its own, and read a form into memory without a bound. What passes
 * carries its Content-Type in one spelling.
 *
 * <p>Then collects the body: at once where it is there already, else without a thread that waits
 * for it. The resource finds it as an attribute. Mapped in web.xml, behind {@link AccessFilter}.
 */
public class WriteFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = System.getLogger(WriteFilter.class.getName());
  private static final String CONTENT_TYPE = "Content-Type";

  /** Every spelling that one of the servers takes for one of the paths of {@link WriteResource}. */
  private static final Pattern PATH = Pattern.compile("/+(api/+v1/+)?write/*");

  @Inject private transient IngestMeters meters;
  @Inject private transient ArrivingBodies bodies;
  @Inject private transient LongSupplier nanoClock;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!request.getMethod().equals("POST") || !isWrite(request)) {
      chain.doFilter(request, response);
      return;
    }
    ArrivingBody body;
    HttpServletRequest typed;
    try {
      WireFormat format =
          WireFormat.of(request.getHeader(CONTENT_TYPE), request.getHeader("Content-Encoding"));
      typed = new Typed(request, format.contentType());
      body = bodies.begin(request.getContentLengthLong());
    } catch (IngestFailure e) {
      refuse(response, e, 0);
      return;
    }
    typed.setAttribute(WriteResource.BODY, body);
    ServletInputStream in = request.getInputStream();
    if (body.take(in, () -> in.available() > 0) || (in.isFinished() && body.end())) {
      try {
        chain.doFilter(typed, response);
      } finally {
        body.giveUp();
      }
      return;
    }
    IngestFailure failure = body.failure();
    if (failure == null) {
      BodyListener.listen(
          request.startAsync(typed, response),
          in,
          body,
          (late, why) -> refuse(late, why, age(body)));
    } else {
      refuse(response, failure, age(body));
    }
  }

  private static boolean isWrite(HttpServletRequest request) {
    String info = request.getPathInfo();
    String path = request.getServletPath();
    return PATH.matcher(info == null ? path : path + info).matches();
  }

  private long age(ArrivingBody body) {
    return nanoClock.getAsLong() - body.beganNanos();
  }

  private void refuse(HttpServletResponse response, IngestFailure failure, long nanos) {
    int status = FailureMapper.status(failure.kind());
    meters.answered(status, nanos);
    byte[] text = (failure.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    if (failure.kind() != FailureKind.UNSUPPORTED) {
      // The rest of the body is not wanted.
      response.setHeader("Connection", "close");
    }
    FailureMapper.retryAfter(failure)
        .ifPresent(seconds -> response.setHeader("Retry-After", Integer.toString(seconds)));
    response.setContentType("text/plain;charset=UTF-8");
    response.setContentLength(text.length);
    try {
      response.getOutputStream().write(text);
      response.flushBuffer();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "nobody waits for the answer", e);
    }
  }

  /** A request whose Content-Type, where it has one, is replaced. */
  private static final class Typed extends HttpServletRequestWrapper {

    private final String type;

    Typed(HttpServletRequest request, String type) {
      super(request);
      this.type = type;
    }

    @Override
    public @Nullable String getContentType() {
      return super.getContentType() == null ? null : type;
    }

    @Override
    public @Nullable String getHeader(String name) {
      String value = super.getHeader(name);
      return value != null && name.equalsIgnoreCase(CONTENT_TYPE) ? type : value;
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      Enumeration<String> values = super.getHeaders(name);
      boolean replaced = name.equalsIgnoreCase(CONTENT_TYPE) && values.hasMoreElements();
      return replaced ? Collections.enumeration(Collections.singleton(type)) : values;
    }
  }
}
