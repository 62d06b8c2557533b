/**
 * A whole installation in simulated time: connectors that run the shipped code, twins of the
 * stores, senders that behave as Prometheus does, faults, and judges. One seed decides everything.
 *
 * <p>Belongs here: the world, its faults, what must hold in it. Does not belong here: real clocks,
 * threads, sockets.
 */
@NullMarked
package org.promscale.sim;

import org.jspecify.annotations.NullMarked;
