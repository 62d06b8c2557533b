/**
 * The rules of high availability: who leads a cluster, what becomes of a sample, when leadership
 * changes.
 *
 * <p>Belongs here: pure decisions on immutable values, with time as an input. Does not belong here:
 * clocks, threads, SQL, HTTP, logging, CDI.
 */
@NullMarked
package org.promscale.ha;

import org.jspecify.annotations.NullMarked;
