/**
 * What this connector knows of its own health, in memory.
 *
 * <p>Belongs here: folding observations into healthy and ready. Does not belong here: making the
 * observations ({@code storage} does) or showing them ({@code http} does).
 */
@NullMarked
package org.promscale.health;

import org.jspecify.annotations.NullMarked;
