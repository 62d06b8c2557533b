/**
 * The HTTP edge: resources, status codes, headers.
 *
 * <p>Belongs here: Jakarta REST resources and servlets, the mapping of {@link
 * org.promscale.ingest.FailureKind} to a status. Does not belong here: decisions.
 */
@NullMarked
package org.promscale.http;

import org.jspecify.annotations.NullMarked;
