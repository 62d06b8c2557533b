package org.promscale.ingest;

import java.util.Optional;
import java.util.function.ObjIntConsumer;
import org.promscale.ha.BatchSlicer;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Slices;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** Opens held requests: what is in them is decoded and validated once more. Thread-safe. */
public final class HeldBodies {

  private final BodyDecoder decoder;
  private final BatchValidator validator;

  /** Joins the parts. */
  public HeldBodies(BodyDecoder decoder, BatchValidator validator) {
    this.decoder = decoder;
    this.validator = validator;
  }

  /**
   * Opens a request.
   *
   * @throws IngestFailure if it cannot be judged now
   */
  WriteBatch open(HeldRequest held) {
    WriteBatch batch = decoder.decode(held.tenant(), held.body());
    validator.validateHeld(batch, held.arrivedMs());
    return batch;
  }

  /**
   * Describes what a sender's part of a request holds. Clocks that disagree do not matter for that:
   * it is validated when it is judged.
   *
   * @param tenant whose data it is
   * @param sender who sent it
   * @param body the request as it came, compressed
   * @param salt any number, another one for each call
   * @return empty if it holds nothing of that sender
   */
  Optional<Slices.Held> describe(int tenant, ReplicaIdentity sender, byte[] body, long salt) {
    return describe(tenant, sender, body, salt, (batch, identity) -> {});
  }

  /**
   * Like the other, but series that this connector does not know get their ids first.
   *
   * @param ids gives them to some series of this sender, as a position in the batch's list of
   *     identities
   */
  Optional<Slices.Held> describe(
      int tenant, ReplicaIdentity sender, byte[] body, long salt, ObjIntConsumer<WriteBatch> ids) {
    WriteBatch batch = decoder.decode(tenant, body);
    int identity = batch.identities().indexOf(sender);
    if (identity < 0) {
      return Optional.empty();
    }
    ids.accept(batch, identity);
    return BatchSlicer.describe(batch, identity, salt);
  }
}
