package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.Hold;
import org.promscale.testbed.MetricsLint;

/** The guide to high availability against the meters that there are. */
class HaGuideTest {

  private static final Pattern METER = Pattern.compile("promscale_ha_[a-z_]+");

  /** What a histogram appends. */
  private static final Pattern PART = Pattern.compile("_(bucket|count|sum)$");

  private static String guide() throws IOException {
    return Files.readString(Path.of(System.getProperty("basedir", ""), "docs", "ha.md"));
  }

  private static Set<String> meters() {
    PrometheusRegistry registry = new PrometheusRegistry();
    HaMeters meters = new HaMeters(registry);
    meters.show(List::of);
    meters.show(new Hold(1), List::of);
    SteeringMeters.show(List::of, registry);
    IngestMeters unused = new IngestMeters(registry);
    return registry.scrape().stream()
        .filter(m -> m.getMetadata().getPrometheusName().startsWith("promscale_ha_"))
        .map(
            m ->
                m.getMetadata().getPrometheusName()
                    + (m instanceof CounterSnapshot ? "_total" : ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  @DisplayName("The guide names every meter and no other")
  void namesEveryMeter() throws IOException {
    // Two of one kind are written as one name and the rest of the other.
    String text =
        guide().replace("`…_leader_", "`promscale_ha_cluster_leader_").replace("`…_max_bytes", "`");
    Set<String> named = new TreeSet<>();
    for (Matcher meter = METER.matcher(text); meter.find(); ) {
      named.add(PART.matcher(meter.group()).replaceFirst(""));
    }
    assertThat(named).isEqualTo(meters());
  }

  @Test
  @DisplayName("Prometheus takes the rules of the guide")
  void rules() throws Exception {
    String guide = guide();
    int start = guide.indexOf("groups:\n  - name: promscale-ha");
    String rules = guide.substring(start, guide.indexOf("```", start));
    assertThat(MetricsLint.checkRules(rules)).endsWith("SUCCESS: 11 rules found");
  }
}
