/**
 * The connector's own metrics.
 *
 * <p>Belongs here: meters, their names and help texts, their text form. Rooms do not know them:
 * they report to listener interfaces of their own, which meters implement.
 */
@NullMarked
package org.promscale.metrics;

import org.jspecify.annotations.NullMarked;
