/**
 * The roof: makes the objects, joins them, starts and stops them in order.
 *
 * <p>Belongs here: CDI wiring, schedules, the real clocks. Flat code without decisions: what
 * something does when it runs stands in its own room.
 */
@NullMarked
package org.promscale.boot;

import org.jspecify.annotations.NullMarked;
