/**
 * The use case of writing: take a decoded request, judge it, have it stored, report what became of
 * it.
 *
 * <p>Belongs here: validation, verdicts, the ports to storage and to the series cache, kinds of
 * failure. Does not belong here: bytes of a wire format, SQL, HTTP status codes.
 */
@NullMarked
package org.promscale.ingest;

import org.jspecify.annotations.NullMarked;
