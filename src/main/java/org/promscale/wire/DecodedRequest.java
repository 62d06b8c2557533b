package org.promscale.wire;

import org.promscale.ingest.Rejections;
import org.promscale.model.WriteBatch;

/**
 * What a body says.
 *
 * @param batch the items that can be stored as far as the format tells
 * @param rejections the items that cannot
 * @param items all samples, histograms, exemplars and metadata entries of the request
 * @param unattributed items of the batch whose series lack the labels of high availability; 0 where
 *     it is off
 */
public record DecodedRequest(
    WriteBatch batch, Rejections rejections, long items, long unattributed) {}
