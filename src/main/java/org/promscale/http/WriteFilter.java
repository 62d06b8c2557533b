package org.promscale.http;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.IngestFailure;
import org.promscale.metrics.IngestMeters;
import org.promscale.wire.WireFormat;

/**
 * Refuses formats that we do not read before JAX-RS sees the request: that would answer a malformed
 * Content-Type with a page of its own, and read a form into memory without a bound. What passes
 * carries its Content-Type in one spelling.
 */
@WebFilter(urlPatterns = {"/write", "/api/v1/write"})
public class WriteFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final String CONTENT_TYPE = "Content-Type";

  @Inject private transient IngestMeters meters;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (!request.getMethod().equals("POST")) {
      chain.doFilter(request, response);
      return;
    }
    WireFormat format;
    try {
      format =
          WireFormat.of(request.getHeader(CONTENT_TYPE), request.getHeader("Content-Encoding"));
    } catch (IngestFailure e) {
      refuse(response, e);
      return;
    }
    chain.doFilter(new Typed(request, format.contentType()), response);
  }

  private void refuse(HttpServletResponse response, IngestFailure failure) throws IOException {
    int status = FailureMapper.status(failure.kind());
    byte[] text = (failure.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentType("text/plain;charset=UTF-8");
    response.setContentLength(text.length);
    response.getOutputStream().write(text);
    meters.answered(status, 0);
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
