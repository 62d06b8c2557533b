/**
 * Wire formats: from bytes to a batch, and nothing else.
 *
 * <p>Belongs here: reading bodies under limits, snappy, protobuf. Does not belong here: what a
 * request means for leadership or storage, HTTP status codes. {@code proto} holds generated
 * classes.
 */
@NullMarked
package org.promscale.wire;

import org.jspecify.annotations.NullMarked;
