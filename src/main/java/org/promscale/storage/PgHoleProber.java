package org.promscale.storage;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import javax.sql.DataSource;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Probes;
import org.promscale.ingest.HoleProber;
import org.promscale.model.Labels;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Compares held requests with what is stored, many in one question. Thread-safe. */
final class PgHoleProber implements HoleProber {

  /** Of these some may be stored; more than that need not be known to look for sixteen. */
  private static final int MOST_FOUND = 4 * Probes.MOST;

  private final SeriesCatalog catalog = new SeriesCatalog();
  private final DataSource dataSource;

  PgHoleProber(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public boolean[] holed(List<HeldRequest> requests, long runningFromMs, long settledMs) {
    boolean[] holed = new boolean[requests.size()];
    probe(requests, false, runningFromMs, settledMs, holed);
    probe(requests, true, runningFromMs, settledMs, holed);
    return holed;
  }

  @Override
  public void find(WriteBatch batch, int identity, long salt) {
    SeriesTable series = batch.series();
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < series.size(); row++) {
      if (series.identity(row) == identity && series.id(row) == SeriesTable.UNKNOWN_ID) {
        rows.add(row);
      }
    }
    Collections.shuffle(rows, new Random(salt));
    List<Integer> asked = new ArrayList<>();
    List<Labels> labels = new ArrayList<>();
    for (int row : rows.subList(0, Math.min(MOST_FOUND, rows.size()))) {
      Labels known = series.labels(row);
      if (known != null) {
        asked.add(row);
        labels.add(known);
      }
    }
    if (asked.isEmpty()) {
      return;
    }
    long[] ids = LeaseSql.call(dataSource, c -> catalog.find(c, batch.tenant(), labels));
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != SeriesTable.UNKNOWN_ID) {
        series.assignId(asked.get(i), ids[i]);
      }
    }
  }

  private void probe(
      List<HeldRequest> requests,
      boolean histograms,
      long runningFromMs,
      long settledMs,
      boolean[] holed) {
    List<Integer> owners = new ArrayList<>();
    List<Probes> asked = new ArrayList<>();
    int size = 0;
    for (int i = 0; i < requests.size(); i++) {
      Probes probes = requests.get(i).probes();
      if (probes.size() > 0 && probes.histograms() == histograms) {
        owners.add(i);
        asked.add(probes);
        size += probes.size();
      }
    }
    if (size == 0) {
      return;
    }
    long[] ids = new long[size];
    long[] times = new long[size];
    int[] owner = new int[size];
    int at = 0;
    for (int i = 0; i < asked.size(); i++) {
      Probes probes = asked.get(i);
      for (int j = 0; j < probes.size(); j++) {
        ids[at] = probes.seriesIds()[j];
        times[at] = probes.timesMs()[j];
        owner[at++] = owners.get(i);
      }
    }
    Neighbours table = histograms ? Neighbours.HISTOGRAM : Neighbours.SAMPLE;
    long clusterId = requests.get(owner[0]).clusterId();
    boolean[] holes =
        LeaseSql.call(dataSource, c -> table.holes(c, clusterId, ids, times, runningFromMs));
    for (int i = 0; i < size; i++) {
      holed[owner[i]] |= holes[i] && times[i] < settledMs;
    }
  }
}
