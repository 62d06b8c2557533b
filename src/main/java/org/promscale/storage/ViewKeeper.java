package org.promscale.storage;

import javax.sql.DataSource;

final class ViewKeeper {
  ViewKeeper(DataSource dataSource) {}

  void refresh() {}
}
