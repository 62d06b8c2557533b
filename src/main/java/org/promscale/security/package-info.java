/**
 * Who may do what.
 *
 * <p>Belongs here: recognising users by what they present, comparing secrets. Does not belong here:
 * what they do then, where settings come from, status codes.
 */
@NullMarked
package org.promscale.security;

import org.jspecify.annotations.NullMarked;
