package org.promscale.storage;

import java.util.function.BooleanSupplier;

/** The way between a connector and the twin of the database, in simulated time. */
public interface TwinLine {

  /** Where a connector stands in the middle of a transaction. */
  enum Point {
    /** Rows are on their way: the server waits for the rest of them. */
    IN_COPY,
    /** Everything is done but COMMIT. */
    BEFORE_COMMIT,
    /** Anywhere else. */
    BETWEEN
  }

  /** Sends a statement: it runs at the server, even if the sender freezes or dies meanwhile. */
  void toServer(Runnable statement);

  /** Answers: runs at the connector once it has time for it, never if it is gone. */
  void toClient(Point point, Runnable next);

  /** Waits at the connector, as one of its threads does, while everything else goes on. */
  void await(BooleanSupplier done);
}
