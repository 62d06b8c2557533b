package org.promscale.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.RejectReason;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;

/**
 * Finds out from its labels who sent a series, and keeps each sender once. A sender that was seen
 * before in the request makes no object. For one request, one thread.
 */
final class Attribution {

  private static final int NONE = -1;

  private final byte[] buffer;
  private final List<HaLabels.Pair> pairs;
  private final byte[][] clusterNames;
  private final byte[][] replicaNames;
  private final boolean acceptsMissing;
  private final SeriesHasher hasher;

  // Of the series being judged. Positions of labels, or NONE.
  private int pair;
  private int cluster;
  private int replica;
  private int identity = SeriesTable.NO_IDENTITY;

  // The senders, and for each the places of its two values in the request's bytes.
  private final List<ReplicaIdentity> identities = new ArrayList<>(1);
  private int[] places = new int[16];
  private int last = NONE;

  /** Open addressing: a position in {@link #identities} plus 1, or 0. At most half full. */
  private int[] table = new int[16];

  Attribution(byte[] buffer, HaLabels labels, SeriesHasher hasher) {
    this.buffer = buffer;
    this.pairs = labels.pairs();
    this.clusterNames = new byte[pairs.size()][];
    this.replicaNames = new byte[pairs.size()][];
    for (int i = 0; i < pairs.size(); i++) {
      clusterNames[i] = pairs.get(i).cluster().getBytes(StandardCharsets.UTF_8);
      replicaNames[i] = pairs.get(i).replica().getBytes(StandardCharsets.UTF_8);
    }
    this.acceptsMissing = labels.missingLabels() == HaLabels.MissingLabels.ACCEPT;
    this.hasher = hasher;
  }

  /**
   * Finds the sender of a series and takes the replica label out of its labels. {@link #identity}
   * then holds the sender. Uses the hasher.
   *
   * @param series a set that can be hashed
   * @return why the series cannot be stored, or {@code null}
   */
  @Nullable RejectReason attribute(LabelScanner series) {
    identity = SeriesTable.NO_IDENTITY;
    pair = 0;
    cluster = NONE;
    replica = NONE;
    for (int i = 0; i < clusterNames.length; i++) {
      int clusterLabel = series.find(clusterNames[i]);
      int replicaLabel = series.find(replicaNames[i]);
      if (clusterLabel != NONE && replicaLabel != NONE) {
        return identify(series, clusterLabel, replicaLabel);
      }
      if (cluster == NONE && replica == NONE) {
        pair = clusterLabel == NONE && replicaLabel == NONE ? 0 : i;
        cluster = clusterLabel;
        replica = replicaLabel;
      }
    }
    if (acceptsMissing) {
      return null;
    }
    RejectReason defect = series.defect();
    if (defect != null) {
      return defect;
    }
    if (cluster != NONE) {
      return RejectReason.MISSING_REPLICA_LABEL;
    }
    return replica == NONE ? RejectReason.MISSING_HA_LABELS : RejectReason.MISSING_CLUSTER_LABEL;
  }

  /** Returns the position of the last series' sender among {@link #identities}, or NO_IDENTITY. */
  int identity() {
    return identity;
  }

  /** Returns the senders of all series so far, in the order of their first series. */
  List<ReplicaIdentity> identities() {
    return Collections.unmodifiableList(identities);
  }

  /** Tells the sender of the series that was judged last why it was refused. */
  String explain(RejectReason reason, LabelScanner series) {
    String clusterName = pairs.get(pair).cluster();
    String replicaName = pairs.get(pair).replica();
    // Word for word what the predecessor says: people search for it.
    return switch (reason) {
      case MISSING_HA_LABELS ->
          "HA enabled, but both " + clusterName + " and " + replicaName + " labels are empty";
      case MISSING_CLUSTER_LABEL ->
          "HA enabled, but "
              + clusterName
              + " label is empty; "
              + replicaName
              + " set to: "
              + series.value(replica);
      case MISSING_REPLICA_LABEL ->
          "HA enabled, but "
              + replicaName
              + " label is empty; "
              + clusterName
              + " set to: "
              + series.value(cluster);
      default -> reason.text();
    };
  }

  private @Nullable RejectReason identify(LabelScanner series, int clusterLabel, int replicaLabel) {
    int c = series.valueStart(clusterLabel);
    int cLength = series.valueLength(clusterLabel);
    int r = series.valueStart(replicaLabel);
    int rLength = series.valueLength(replicaLabel);
    if (last == NONE || !isAt(last, c, cLength, r, rLength)) {
      int slot = slot(c, cLength, r, rLength);
      if (table[slot] == 0) {
        // The replica is no part of the hash: a series may be known whose sender is not valid.
        RejectReason defect = series.defect();
        if (defect != null) {
          return defect;
        }
        if (Math.max(cLength, rLength) > HaLabels.MAX_VALUE_BYTES) {
          return RejectReason.HA_NAME_TOO_LONG;
        }
        table[slot] = add(c, cLength, r, rLength) + 1;
      }
      last = table[slot] - 1;
      makeRoom();
    }
    series.drop(replicaLabel);
    identity = last;
    return null;
  }

  private boolean isAt(int position, int c, int cLength, int r, int rLength) {
    int place = 4 * position;
    return places[place + 1] == cLength
        && places[place + 3] == rLength
        && isEqual(places[place + 2], r, rLength)
        && isEqual(places[place], c, cLength);
  }

  private boolean isEqual(int left, int right, int length) {
    return Arrays.equals(buffer, left, left + length, buffer, right, right + length);
  }

  /** Returns the slot of this sender, or the empty one where it belongs. */
  private int slot(int c, int cLength, int r, int rLength) {
    int slot = hash(c, cLength, r, rLength) & (table.length - 1);
    while (table[slot] != 0 && !isAt(table[slot] - 1, c, cLength, r, rLength)) {
      slot = (slot + 1) & (table.length - 1);
    }
    return slot;
  }

  /** Keyed, so that nobody can send names that all fall into one slot. */
  private int hash(int c, int cLength, int r, int rLength) {
    hasher.begin(0);
    hasher.add(buffer, c, cLength, r, rLength);
    hasher.finish();
    return (int) hasher.low();
  }

  private int add(int c, int cLength, int r, int rLength) {
    int position = identities.size();
    if (4 * position == places.length) {
      places = Arrays.copyOf(places, 2 * places.length);
    }
    places[4 * position] = c;
    places[4 * position + 1] = cLength;
    places[4 * position + 2] = r;
    places[4 * position + 3] = rLength;
    identities.add(
        new ReplicaIdentity(
            new String(buffer, c, cLength, StandardCharsets.UTF_8),
            new String(buffer, r, rLength, StandardCharsets.UTF_8)));
    return position;
  }

  private void makeRoom() {
    if (2 * identities.size() <= table.length) {
      return;
    }
    table = new int[2 * table.length];
    for (int i = 0; i < identities.size(); i++) {
      int place = 4 * i;
      table[slot(places[place], places[place + 1], places[place + 2], places[place + 3])] = i + 1;
    }
  }
}
