package org.promscale.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.ListIterator;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Authorship;
import org.promscale.ha.HeldRequest;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.HeldShelf;
import org.promscale.ingest.HoleProber;
import org.promscale.ingest.IngestFailure;

/** The twins of {@link PgHeldShelf} and {@link PgHoleProber}. One thread. */
public final class TwinShelf implements HeldShelf, HoleProber {

  private static final long CLAIM_MS = 60_000;

  private final TwinDatabase db;

  /** Shows what is held in this database. */
  public TwinShelf(TwinDatabase db) {
    this.db = db;
  }

  private void requireUp() {
    if (!db.isUp()) {
      throw new IngestFailure(FailureKind.UNAVAILABLE, "the twin does not answer");
    }
  }

  /** A row, and who holds it in memory until when. */
  record Row(Shelved shelved, @Nullable TwinShelf owner, long claimedUntilMs) {

    static Row free(Shelved shelved) {
      return new Row(shelved, null, Long.MIN_VALUE);
    }

    boolean isFree(long nowMs) {
      return claimedUntilMs <= nowMs;
    }
  }

  private Row claim(Row row) {
    return new Row(row.shelved(), this, db.nowMs() + CLAIM_MS);
  }

  @Override
  public int put(Collection<HeldRequest> requests) {
    requireUp();
    for (HeldRequest request : requests) {
      if (request.shelfId() == 0) {
        db.shelve(request);
      } else {
        db.shelf()
            .replaceAll(
                row ->
                    row.owner() == this && row.shelved().id() == request.shelfId()
                        ? Row.free(row.shelved())
                        : row);
      }
    }
    return requests.size();
  }

  @Override
  public List<Shelved> take(boolean leadersOnly, long maxBytes) {
    requireUp();
    List<Shelved> taken = new ArrayList<>();
    long bytes = 0;
    for (ListIterator<Row> rows = db.shelf().listIterator(); rows.hasNext() && bytes < maxBytes; ) {
      Row row = rows.next();
      TwinCluster cluster = db.cluster(row.shelved().clusterId());
      if (cluster != null
          && row.isFree(db.nowMs())
          && (!leadersOnly || cluster.leader.equals(row.shelved().sender().replica()))) {
        taken.add(row.shelved());
        bytes += row.shelved().body().length;
        rows.set(claim(row));
      }
    }
    return taken;
  }

  @Override
  public void renew() {
    requireUp();
    db.shelf().replaceAll(row -> row.owner() == this ? claim(row) : row);
  }

  @Override
  public void settled(Collection<Long> ids) {
    requireUp();
    db.shelf().removeIf(row -> row.owner() == this && ids.contains(row.shelved().id()));
  }

  @Override
  public long measure() {
    requireUp();
    return db.shelf().stream()
        .filter(row -> row.isFree(db.nowMs()))
        .mapToLong(row -> row.shelved().body().length)
        .sum();
  }

  @Override
  public boolean hasRoom() {
    return true;
  }

  @Override
  public boolean[] holed(List<HeldRequest> requests, long runningFromMs, long settledMs) {
    requireUp();
    boolean[] holed = new boolean[requests.size()];
    for (int i = 0; i < holed.length && db.mutant != Mutant.COMPARES_NOTHING; i++) {
      long[] ids = requests.get(i).probes().seriesIds();
      TwinCluster cluster = db.cluster(requests.get(i).clusterId());
      Authorship authors =
          cluster == null
              ? Authorship.runningFrom(runningFromMs)
              : TwinNeighbours.authors(cluster, runningFromMs);
      for (int j = 0; j < ids.length; j++) {
        long at = requests.get(i).probes().timesMs()[j];
        holed[i] |= at < settledMs && TwinNeighbours.isHole(db, ids[j], at, authors);
      }
    }
    return holed;
  }
}
