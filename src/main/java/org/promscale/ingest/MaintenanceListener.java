package org.promscale.ingest;

/** Is told what maintenance of the database does. Called from one thread; must not block. */
public interface MaintenanceListener {

  /** Hears nothing. */
  MaintenanceListener NONE =
      new MaintenanceListener() {
        @Override
        public void did(String what, long count) {}

        @Override
        public void ended(boolean well) {}

        @Override
        public void seen(MaintenanceStatus status) {}
      };

  /**
   * A step has committed.
   *
   * @param what was removed or changed: partitions, rows, series, metrics, labels or chunks
   * @param count how many, at least one
   */
  void did(String what, long count);

  /**
   * A run of this connector is over.
   *
   * @param well whether every step of it succeeded
   */
  void ended(boolean well);

  /** The database was asked how maintenance stands, whoever does it. */
  void seen(MaintenanceStatus status);
}
