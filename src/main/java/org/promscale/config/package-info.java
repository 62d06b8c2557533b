/**
 * The one table of settings and its readers.
 *
 * <p>Belongs here: every key an operator can set ({@link org.promscale.config.Settings}), and the
 * reading of keys into the rooms' own settings records. Does not belong here: what a setting does.
 * No other room reads a key.
 */
@NullMarked
package org.promscale.config;

import org.jspecify.annotations.NullMarked;
