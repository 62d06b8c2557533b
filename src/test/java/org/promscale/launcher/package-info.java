/** The launcher from outside: what an operator types, reads and finds on disk. */
@NullMarked
package org.promscale.launcher;

import org.jspecify.annotations.NullMarked;
