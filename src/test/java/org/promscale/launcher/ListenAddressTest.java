package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {

  @ParameterizedTest
  @CsvSource({
    ":9201, '', 9201, http://127.0.0.1:9201",
    "127.0.0.1:80, 127.0.0.1, 80, http://127.0.0.1:80",
    "0.0.0.0:80, 0.0.0.0, 80, http://127.0.0.1:80",
    "metrics.example:80, metrics.example, 80, http://metrics.example:80",
    "[::1]:80, ::1, 80, http://[::1]:80",
    "[::]:80, ::, 80, http://[::1]:80",
  })
  void reads(String text, String host, int port, String url) throws Exception {
    ListenAddress address = ListenAddress.parse(text);

    assertThat(address).isEqualTo(new ListenAddress(host, port));
    assertThat(address.localUrl()).isEqualTo(url);
    assertThat(address).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"9201", "host", "host:", ":0", ":65536", "::1:80", "a b:80", "[x]:80"})
  void refuses(String text) {
    assertThatThrownBy(() -> ListenAddress.parse(text))
        .hasMessage(
            "-web.listen-address: '"
                + text
                + "' is not host:port, for instance :9201 or [::1]:9201");
  }

  @Test
  void namesTheFlagWhenThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ListenAddress address = new ListenAddress("127.0.0.1", taken.getLocalPort());

      assertThatThrownBy(address::requireFree)
          .hasMessageStartingWith("cannot listen on " + address)
          .hasMessageEndingWith("set another -web.listen-address");
    }
  }
}
