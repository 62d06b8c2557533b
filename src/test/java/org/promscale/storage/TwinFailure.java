package org.promscale.storage;

/** What PostgreSQL would have answered instead of a result. */
final class TwinFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String sqlState;
  private final long seriesId;

  TwinFailure(String sqlState) {
    this(sqlState, -1);
  }

  TwinFailure(String sqlState, long seriesId) {
    super(sqlState, null, false, false);
    this.sqlState = sqlState;
    this.seriesId = seriesId;
  }

  String sqlState() {
    return sqlState;
  }

  long seriesId() {
    return seriesId;
  }
}
