package org.promscale.http;

import java.util.function.Supplier;

/**
 * What the status page says about this connector.
 *
 * @param version version of the application
 * @param highAvailability whether it is switched on
 * @param database describes the database, from memory
 */
public record ConnectorInfo(String version, boolean highAvailability, Supplier<String> database) {}
