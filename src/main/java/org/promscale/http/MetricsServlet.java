package org.promscale.http;

import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.promscale.metrics.Exposition;

/**
 * The connector's own metrics. A servlet with an explicit mapping in web.xml, because a container's
 * own {@code /metrics} would win over a resource.
 */
public class MetricsServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  @Inject private transient Exposition exposition;

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String accept = request.getHeader("Accept");
    response.setContentType(exposition.contentType(accept));
    exposition.write(accept, response.getOutputStream());
  }
}
