/**
 * The values that travel through the house: labels, samples, histograms, exemplars, metadata.
 *
 * <p>Belongs here: plain data and what is true of it everywhere (order of labels, bits of a stale
 * marker, the keyed hash of a label set). Does not belong here: formats, SQL, HTTP, logging,
 * clocks.
 */
@NullMarked
package org.promscale.model;

import org.jspecify.annotations.NullMarked;
