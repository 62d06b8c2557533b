/**
 * The load generator: how many samples a second does a connector make durable, beside what
 * PostgreSQL itself can do with the same rows on the same machine.
 *
 * <p>Belongs here: making and sending load, measuring, the raw COPY to compare with. Does not
 * belong here: starting servers (see {@code org.promscale.testbed}).
 */
@NullMarked
package org.promscale.load;

import org.jspecify.annotations.NullMarked;
