/**
 * Real things under test control: servers that can be started, stopped, frozen and killed.
 *
 * <p>Belongs here: starting and steering PostgreSQL, connectors, Prometheus and load balancers, and
 * reading back what was stored. Does not belong here: assertions of a particular test.
 */
@NullMarked
package org.promscale.testbed;

import org.jspecify.annotations.NullMarked;
