/**
 * Tests of the packaged product as a whole, against real servers.
 *
 * <p>Belongs here: what a user is promised and only a running product can show, such as "what was
 * acknowledged is stored". Does not belong here: tests of one room, and the machinery of starting
 * servers (see {@code org.promscale.testbed}).
 */
@NullMarked
package org.promscale.system;

import org.jspecify.annotations.NullMarked;
