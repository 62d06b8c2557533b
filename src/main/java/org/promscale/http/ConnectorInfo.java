package org.promscale.http;

import java.util.List;
import java.util.function.Supplier;
import org.promscale.ingest.ClusterReport;

/**
 * What the status page says about this connector.
 *
 * @param version version of the application
 * @param highAvailability whether it is switched on
 * @param clusters what is known of all clusters, from memory
 * @param database describes the database, from memory
 */
public record ConnectorInfo(
    String version,
    boolean highAvailability,
    Supplier<List<ClusterReport>> clusters,
    Supplier<String> database) {}
