package org.promscale.ingest;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Standing;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Who has data in a request. Stateless. */
final class Senders {

  private Senders() {}

  /** Returns the batch's senders, null where all items of one were refused: it elects nobody. */
  static List<@Nullable ReplicaIdentity> withData(WriteBatch batch) {
    boolean[] used = new boolean[batch.identities().size()];
    SeriesTable series = batch.series();
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      mark(used, series.identity(samples.series(i)));
    }
    for (HistogramSample histogram : batch.histograms()) {
      mark(used, series.identity(histogram.seriesRow()));
    }
    for (Exemplar exemplar : batch.exemplars()) {
      mark(used, series.identity(exemplar.seriesRow()));
    }
    List<@Nullable ReplicaIdentity> senders = new ArrayList<>();
    for (int i = 0; i < used.length; i++) {
      senders.add(used[i] ? batch.identities().get(i) : null);
    }
    return senders;
  }

  /** Returns the batch's senders, null for all but one. */
  static List<@Nullable ReplicaIdentity> only(WriteBatch batch, ReplicaIdentity wanted) {
    List<@Nullable ReplicaIdentity> senders = new ArrayList<>();
    for (ReplicaIdentity sender : batch.identities()) {
      senders.add(sender.equals(wanted) ? sender : null);
    }
    return senders;
  }

  private static void mark(boolean[] used, int identity) {
    if (identity != SeriesTable.NO_IDENTITY) {
      used[identity] = true;
    }
  }

  /** Refuses the items of senders without a standing: their clusters are beyond the limit. */
  static void refuseWithoutStanding(
      WriteBatch batch,
      List<@Nullable ReplicaIdentity> senders,
      List<@Nullable Standing> standings,
      Rejections rejections) {
    for (int i = 0; i < senders.size(); i++) {
      ReplicaIdentity sender = senders.get(i);
      if (sender != null && standings.get(i) == null) {
        rejections.add(
            RejectReason.TOO_MANY_CLUSTERS, itemsOf(batch, i), () -> "cluster " + sender.cluster());
      }
    }
  }

  private static long itemsOf(WriteBatch batch, int identity) {
    SeriesTable series = batch.series();
    Samples samples = batch.samples();
    long items = 0;
    for (int i = 0; i < samples.size(); i++) {
      items += series.identity(samples.series(i)) == identity ? 1 : 0;
    }
    items +=
        batch.histograms().stream().filter(h -> series.identity(h.seriesRow()) == identity).count();
    return items
        + batch.exemplars().stream()
            .filter(e -> series.identity(e.seriesRow()) == identity)
            .count();
  }
}
