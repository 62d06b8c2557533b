package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.promscale.ha.Authorship;
import org.promscale.ha.HoleFinder;
import org.promscale.ha.StoredTimes;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.StaleMarker;

/** The twin of {@link Neighbours}. Stateless. */
final class TwinNeighbours {

  private static final int NEIGHBOURS = 17;

  private TwinNeighbours() {}

  /** Returns for each sample of a batch whether it fits a hole. */
  static boolean[] fitting(
      TwinDatabase db, SeriesTable series, Samples samples, Authorship authors) {
    Map<Long, TreeMap<Long, Integer>> wanted = new TreeMap<>();
    for (int i = 0; i < samples.size(); i++) {
      wanted
          .computeIfAbsent(series.id(samples.series(i)), id -> new TreeMap<>())
          .putIfAbsent(samples.timestampMs(i), i);
    }
    boolean[] fitting = new boolean[samples.size()];
    wanted.forEach(
        (id, rows) -> {
          long[] candidates = rows.keySet().stream().mapToLong(Long::longValue).toArray();
          boolean[] fits =
              HoleFinder.fits(
                  around(db.samples(id), rows.firstKey(), rows.lastKey()), candidates, authors);
          for (int i = 0; i < candidates.length; i++) {
            Integer row = rows.get(candidates[i]);
            if (fits[i] && row != null) {
              fitting[row] = true;
            }
          }
        });
    return fitting;
  }

  /** Tells whether a sample shows a hole. */
  static boolean isHole(TwinDatabase db, long id, long timeMs, Authorship authors) {
    return HoleFinder.isHole(around(db.samples(id), timeMs, timeMs), timeMs, authors);
  }

  /** Returns where the author of a cluster's samples may change, as {@link AuthorRows} does. */
  static Authorship authors(TwinCluster cluster, long runningFromMs) {
    List<Authorship.Border> borders = new ArrayList<>();
    for (TwinCluster.TermRow term : cluster.terms) {
      borders.add(new Authorship.Border(term.startMs(), term.startMs(), false));
    }
    for (TwinCluster.PatchRow patch : cluster.patches) {
      if (patch.filled > 0) {
        boolean open = patch.openUntilMs == TwinCluster.INFINITY;
        borders.add(new Authorship.Border(patch.startMs, patch.endMs, open));
      }
    }
    return Authorship.of(runningFromMs, borders);
  }

  private static StoredTimes around(
      NavigableMap<Long, TwinDatabase.Stored> stored, long first, long last) {
    TreeMap<Long, Boolean> around = new TreeMap<>();
    Map.Entry<Long, TwinDatabase.Stored> before = stored.lowerEntry(first);
    for (int i = 0; i < NEIGHBOURS && before != null; i++) {
      around.put(before.getKey(), StaleMarker.is(before.getValue().valueBits()));
      before = stored.lowerEntry(before.getKey());
    }
    stored
        .subMap(first, true, last, true)
        .forEach((t, row) -> around.put(t, StaleMarker.is(row.valueBits())));
    Map.Entry<Long, TwinDatabase.Stored> after = stored.higherEntry(last);
    for (int i = 0; i < NEIGHBOURS && after != null; i++) {
      around.put(after.getKey(), StaleMarker.is(after.getValue().valueBits()));
      after = stored.higherEntry(after.getKey());
    }
    StoredTimes.Builder times = new StoredTimes.Builder();
    around.forEach(times::add);
    return times.build();
  }
}
