package org.promscale.ha;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.model.WriteBatch;

/**
 * What becomes of a request. Arrays belong to the record; nobody changes them.
 *
 * @param store what goes into the bulk transaction, or null if nothing does
 * @param claims under which fences
 * @param fills what fills holes
 * @param held what is kept
 * @param tallies how many items of whom met which verdict
 * @param newestMs newest sample of each of the batch's identities, {@link Lease#NO_TIME} for none
 */
@SuppressWarnings("ArrayRecordComponent") // counters of one request, never compared
public record Slices(
    @Nullable WriteBatch store,
    List<LeaseClaim> claims,
    List<Fill> fills,
    List<Held> held,
    Tallies tallies,
    long[] newestMs) {

  /**
   * A part that is kept; its samples stay in the request's body.
   *
   * @param identity whose, as a position in the batch's list of identities
   * @param oldestMs its oldest sample
   * @param newestMs its newest sample
   * @param items its samples, histograms and exemplars
   * @param probes some of them
   */
  public record Held(int identity, long oldestMs, long newestMs, long items, Probes probes) {}

  /**
   * A part that fills holes.
   *
   * @param identity whose, as a position in the batch's list of identities
   * @param batch its samples
   * @param order under what
   */
  public record Fill(int identity, WriteBatch batch, FillOrder order) {}
}
