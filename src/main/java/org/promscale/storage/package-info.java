/**
 * PostgreSQL: schema, catalog, batches, partitions, views, leases.
 *
 * <p>Belongs here: everything that knows SQL, JDBC, JPA or Flyway. Does not belong here: verdicts,
 * wire formats, HTTP. Small tables go through JPA, samples and the catalog through plain SQL and
 * COPY.
 */
@NullMarked
package org.promscale.storage;

import org.jspecify.annotations.NullMarked;
