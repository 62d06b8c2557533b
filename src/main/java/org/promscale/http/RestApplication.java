package org.promscale.http;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/** All resources live at the root of the context, as Prometheus has them. */
@ApplicationPath("/")
public class RestApplication extends Application {}
