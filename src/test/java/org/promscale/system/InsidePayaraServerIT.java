package org.promscale.system;

import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.promscale.testbed.GuideContainer;

/** {@link InsideChecks} on Payara Server. */
@Tag("long")
@ExtendWith(ArquillianExtension.class)
class InsidePayaraServerIT extends InsideChecks {

  @Deployment
  static WebArchive war() {
    return warWith(InsidePayaraServerIT.class, GuideContainer.PAYARA);
  }
}
