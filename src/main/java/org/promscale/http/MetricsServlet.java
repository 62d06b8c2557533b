package org.promscale.http;

import jakarta.servlet.http.HttpServlet;

/** The connector's own metrics. */
public class MetricsServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;
}
