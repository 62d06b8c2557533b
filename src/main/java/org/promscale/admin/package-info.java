/**
 * The HTTP edge for those who look after clusters: who leads, what has happened, and orders that
 * change it.
 *
 * <p>Belongs here: the resources under {@code /api/v1/ha}, their JSON, the status of each outcome.
 * Does not belong here: whether an order is carried out, how users are recognised, the write path.
 */
@NullMarked
package org.promscale.admin;

import org.jspecify.annotations.NullMarked;
