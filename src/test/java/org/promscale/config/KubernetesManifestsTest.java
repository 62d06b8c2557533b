package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.Prometheus;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The manifests hold nothing that Kubernetes and the Prometheus Operator do not know. */
class KubernetesManifestsTest {

  private static final Map<String, Class<?>> KINDS =
      Map.of(
          "apps/v1 Deployment", Deployment.class,
          "v1 Service", Service.class,
          "policy/v1 PodDisruptionBudget", PodDisruptionBudget.class,
          "monitoring.coreos.com/v1 Prometheus", Prometheus.class,
          "monitoring.coreos.com/v1 ServiceMonitor", ServiceMonitor.class);

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static List<Object> manifests() throws Exception {
    List<Object> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of("docker/kubernetes"))) {
      for (Path file : files.sorted().toList()) {
        all.addAll(read(Files.readString(file)));
      }
    }
    return all;
  }

  private static List<Object> read(String yaml) {
    List<Object> all = new ArrayList<>();
    for (Object document : new Load(LoadSettings.builder().build()).loadAllFromString(yaml)) {
      Map<?, ?> map = (Map<?, ?>) document;
      String kind = map.get("apiVersion") + " " + map.get("kind");
      Class<?> type = KINDS.get(kind);
      assertThat(type).as(kind).isNotNull();
      all.add(MAPPER.convertValue(document, type));
    }
    return all;
  }

  private static <T> T the(Class<T> type) throws Exception {
    return manifests().stream().filter(type::isInstance).map(type::cast).findFirst().orElseThrow();
  }

  @Test
  void everyFieldIsKnown() throws Exception {
    assertThat(manifests()).hasSize(KINDS.size());
    for (Object manifest : manifests()) {
      assertThat(unknown(manifest)).as(manifest.getClass().getSimpleName()).isEmpty();
    }
  }

  @Test
  void whatIsNotKnownIsFound() {
    String service = "{apiVersion: v1, kind: Service, spec: {ports: [{port: 1, tragetPort: 2}]}}";
    assertThat(unknown(read(service).get(0))).containsExactly("tragetPort");
    assertThatThrownBy(() -> read("{apiVersion: v1, kind: Service, spec: {ports: 7}}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theyFitTogether() throws Exception {
    Deployment deployment = the(Deployment.class);
    Map<String, String> pods = deployment.getSpec().getTemplate().getMetadata().getLabels();
    assertThat(pods).containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
    assertThat(pods).containsAllEntriesOf(the(Service.class).getSpec().getSelector());
    PodDisruptionBudget budget = the(PodDisruptionBudget.class);
    assertThat(pods).containsAllEntriesOf(budget.getSpec().getSelector().getMatchLabels());
    assertThat(budget.getSpec().getMinAvailable().getIntVal())
        .isLessThan(deployment.getSpec().getReplicas());
    ServiceMonitor monitor = the(ServiceMonitor.class);
    assertThat(the(Service.class).getMetadata().getLabels())
        .containsAllEntriesOf(monitor.getSpec().getSelector().getMatchLabels());

    Prometheus pair = the(Prometheus.class);
    List<String> arguments =
        deployment.getSpec().getTemplate().getSpec().getContainers().get(0).getArgs();
    assertThat(arguments)
        .contains(
            "-metrics.high-availability.labels="
                + pair.getSpec().getPrometheusExternalLabelName()
                + "/"
                + pair.getSpec().getReplicaExternalLabelName());
  }

  /**
   * Returns the names of fields, anywhere in a model, that the model has kept without a meaning.
   */
  private static List<String> unknown(Object model) {
    List<String> names = new ArrayList<>();
    try {
      for (Method method : model.getClass().getMethods()) {
        if (method.getParameterCount() == 0 && method.getName().startsWith("get")) {
          Object value = method.invoke(model);
          if (method.getName().equals("getAdditionalProperties")) {
            ((Map<?, ?>) value).keySet().forEach(name -> names.add(String.valueOf(name)));
          } else if (value instanceof Collection<?> items) {
            items.stream()
                .filter(KubernetesResource.class::isInstance)
                .forEach(item -> names.addAll(unknown(item)));
          } else if (value instanceof KubernetesResource) {
            names.addAll(unknown(value));
          }
        }
      }
      return names;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
