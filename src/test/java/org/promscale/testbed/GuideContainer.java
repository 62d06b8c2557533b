package org.promscale.testbed;

import java.util.Map;
import java.util.function.Function;
import org.jboss.arquillian.container.spi.client.container.ContainerConfiguration;
import org.jboss.arquillian.container.spi.client.container.DeployableContainer;
import org.jboss.arquillian.container.spi.client.container.DeploymentException;
import org.jboss.arquillian.container.spi.client.protocol.ProtocolDescription;
import org.jboss.arquillian.container.spi.client.protocol.metadata.HTTPContext;
import org.jboss.arquillian.container.spi.client.protocol.metadata.ProtocolMetaData;
import org.jboss.arquillian.container.spi.client.protocol.metadata.Servlet;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.shrinkwrap.api.Archive;
import org.jboss.shrinkwrap.api.exporter.ZipExporter;
import org.jspecify.annotations.Nullable;

/**
 * Lets Arquillian run tests inside a server that is set up with the commands of {@link
 * OperatorGuide}. The archive's name says in which one: {@link #WILDFLY}, {@link #PAYARA}. One
 * thread, one deployment at a time, each in a fresh server with a fresh database.
 */
public final class GuideContainer implements DeployableContainer<GuideContainer.Configuration> {

  /** Name of an archive for WildFly. */
  public static final String WILDFLY = "wildfly.war";

  /** Name of an archive for Payara Server. */
  public static final String PAYARA = "payara.war";

  private static final Map<String, Function<PostgresServer, ApplicationServer>> SERVERS =
      Map.of(WILDFLY, WildFlyServer::start, PAYARA, PayaraServer::start);

  private @Nullable PostgresServer postgres;
  private @Nullable ApplicationServer server;

  /** Nothing can be configured. */
  public static final class Configuration implements ContainerConfiguration {
    @Override
    public void validate() {}
  }

  /** Makes it known to Arquillian. */
  public static final class Extension implements LoadableExtension {
    @Override
    public void register(ExtensionBuilder builder) {
      builder.service(DeployableContainer.class, GuideContainer.class);
    }
  }

  @Override
  public Class<Configuration> getConfigurationClass() {
    return Configuration.class;
  }

  @Override
  public ProtocolDescription getDefaultProtocol() {
    return new ProtocolDescription("Servlet 6.0");
  }

  @Override
  public ProtocolMetaData deploy(Archive<?> archive) throws DeploymentException {
    Function<PostgresServer, ApplicationServer> starter = SERVERS.get(archive.getName());
    if (starter == null) {
      throw new DeploymentException(archive.getName() + " is none of " + SERVERS.keySet());
    }
    try {
      postgres = OperatorGuide.startDatabase(Map.of());
      server = starter.apply(postgres);
      server.replaceWar(file -> archive.as(ZipExporter.class).exportTo(file.toFile()));
      server.deploy();
      // The application's root is the server's.
      HTTPContext http = new HTTPContext("127.0.0.1", server.uri("/").getPort());
      http.add(new Servlet("ArquillianServletRunnerEE9", "/"));
      return new ProtocolMetaData().addContext(http);
    } catch (RuntimeException e) {
      close();
      throw new DeploymentException("deployment failed", e);
    }
  }

  @Override
  public void undeploy(Archive<?> archive) throws DeploymentException {
    try {
      if (server != null) {
        server.undeploy();
        if (!server.errors().isEmpty()) {
          throw new DeploymentException("the server's log has errors: " + server.errors());
        }
      }
    } finally {
      close();
    }
  }

  private void close() {
    try {
      if (server != null) {
        server.close();
      }
    } finally {
      if (postgres != null) {
        postgres.close();
      }
      server = null;
      postgres = null;
    }
  }
}
