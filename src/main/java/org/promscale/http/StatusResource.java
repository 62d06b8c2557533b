package org.promscale.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import org.promscale.health.ConnectorHealth;
import org.promscale.ingest.Admission;

/** The status page: what is known of this connector, from memory. */
@Path("/")
@ApplicationScoped
public class StatusResource {

  @Inject private ConnectorInfo info;
  @Inject private ConnectorHealth health;
  @Inject private Admission admission;

  /** Returns the page. */
  @GET
  @Produces("text/html; charset=UTF-8")
  public String page(@Context UriInfo uri) {
    String base = uri.getBaseUri().toString();
    StringBuilder page = new StringBuilder(2_000);
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="UTF-8">
        <title>Promscale</title>
        <style>
        body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }
        th { text-align: left; padding-right: 2rem; vertical-align: top }
        td, th { padding-bottom: .4rem }
        code { background: #eee; padding: .1rem .3rem }
        </style>
        </head>
        <body>
        <h1>Promscale</h1>
        <table>
        """);
    row(page, "Version", escape(info.version()));
    row(page, "State", escape(health.trouble().map(t -> "not ready: " + t).orElse("ready")));
    row(page, "Database", escape(info.database().get()));
    row(
        page,
        "High availability",
        info.highAvailability() ? "<a href=\"api/v1/ha/clusters\">on</a>" : "off");
    row(page, "Writes being worked on", Long.toString(admission.writesInside()));
    row(page, "Remote write", "<code id=\"write\">" + escape(base) + "api/v1/write</code>");
    row(page, "Metrics", "<a href=\"metrics\">metrics</a>");
    page.append(
        """
        </table>
        <script>
        // Behind a reverse proxy with a prefix only the browser knows the address.
        document.getElementById("write").textContent = new URL("api/v1/write", document.baseURI)
        </script>
        </body>
        </html>
        """);
    return page.toString();
  }

  private static void row(StringBuilder page, String name, String html) {
    page.append("<tr><th>").append(name).append("</th><td>").append(html).append("</td></tr>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
