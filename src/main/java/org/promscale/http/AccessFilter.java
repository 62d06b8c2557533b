package org.promscale.http;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import org.promscale.metrics.IngestMeters;
import org.promscale.security.Access;

/**
 * Lets in whom {@link Access} knows, and notes who it is for whoever asks later. A request of
 * somebody else is refused before its body is read: in web.xml it comes first.
 */
public class AccessFilter extends HttpFilter {

  private static final long serialVersionUID = 1L;
  private static final String RETRY_SECONDS = "5";

  @Inject private transient Access access;
  @Inject private transient IngestMeters meters;

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Principal principal = request.getUserPrincipal();
    String user =
        principal != null
            ? principal.getName()
            : access.user(request.getHeader("Authorization")).orElse(null);
    String info = request.getPathInfo();
    String path = request.getServletPath() + (info == null ? "" : info);
    switch (access.rule(path, user != null)) {
      case LET_IN -> {
        request.setAttribute(Access.USER, user);
        chain.doFilter(request, response);
      }
      case UNKNOWN -> {
        access.challenges().forEach(c -> response.addHeader("WWW-Authenticate", c));
        refuse(path, response, 401, "user unknown, or wrong password or token\n");
      }
      case UNREADABLE -> {
        // Not 401: a sender would drop what it is told to have no right to send.
        response.setHeader("Retry-After", RETRY_SECONDS);
        refuse(path, response, 503, "the file of users cannot be read; the log says why\n");
      }
    }
  }

  private void refuse(String path, HttpServletResponse response, int status, String sentence)
      throws IOException {
    byte[] text = sentence.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentType("text/plain;charset=UTF-8");
    response.setContentLength(text.length);
    response.getOutputStream().write(text);
    if (path.equals("/write") || path.equals("/api/v1/write")) {
      meters.answered(status, 0);
    }
  }
}
