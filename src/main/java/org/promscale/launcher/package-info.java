/**
 * The gatehouse: {@code java -jar promscale.jar}.
 *
 * <p>Belongs here: reading the command line, starting an embedded PostgreSQL where no database is
 * named, starting Payara Micro with the WAR inside, saying where everything is, stopping it all in
 * order. Does not belong here: anything that a WAR on another server needs too.
 */
@NullMarked
package org.promscale.launcher;

import org.jspecify.annotations.NullMarked;
