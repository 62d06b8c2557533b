package org.promscale.testbed;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** Chromium without a window, which does the guide's steps in an admin console. One thread. */
final class ConsoleBrowser implements AutoCloseable {

  /** A server compiles its console on first use, and deploys while the page waits. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** For how long nothing has happened on a page when the next thing is clicked. */
  private static final int QUIET_MS = 400;

  /** Runs first in every page: knows of its unanswered requests, and when it changed last. */
  private static final String WATCH =
      """
      {
        if (window.top === window) {
          window.testPage = {pending: 0, changed: Date.now()};
          new MutationObserver(() => window.testPage.changed = Date.now()).observe(document,
              {subtree: true, childList: true, attributes: true, characterData: true});
        }
        const page = window.top.testPage;
        const answered = () => { page.pending--; page.changed = Date.now(); };
        const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (...body) {
          page.pending++;
          this.addEventListener('loadend', answered, {once: true});
          return send.apply(this, body);
        };
        const fetch = window.fetch;
        window.fetch = (...request) => {
          page.pending++;
          return fetch(...request).finally(answered);
        };
      }
      """;

  private static final String IS_QUIET =
      """
      return document.readyState === 'complete' && window.testPage.pending === 0
          && Date.now() - window.testPage.changed > arguments[0];
      """;

  private static final String SHOW_THE_GUIDES_VALUES =
      """
      const plain = s => s.replaceAll('`', '');
      window.testValues = [...document.querySelectorAll('input[type=text]')].map(e => [e, e.value]);
      for (const [e, before] of window.testValues) {
        for (const [guide, here] of Object.entries(arguments[0])) {
          e.value = e.value.replace(plain(here), plain(guide));
        }
      }
      """;

  private static final String SHOW_OWN_VALUES =
      "for (const [e, before] of window.testValues) { e.value = before; }";

  private final ChromeDriver driver;
  private final Path files;
  private final String finder = resource("console.js");

  /**
   * Starts the browser.
   *
   * @param files where the files are that the guide names
   */
  ConsoleBrowser(Path files) {
    this.files = files;
    ChromeOptions options = new ChromeOptions();
    options.setBinary(Programs.require("chromium", "chromium chromium-driver"));
    options.addArguments(
        "--headless=new",
        "--window-size=1200,860",
        "--disable-dev-shm-usage",
        // Consoles ask their makers for news; the test is to be the same without them.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost");
    if (Programs.isRoot()) {
      options.addArguments("--no-sandbox");
    }
    // Both programs are given, so Selenium looks for none and downloads none.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(
                Path.of(Programs.require("chromedriver", "chromium-driver")).toFile())
            .usingAnyFreePort()
            .build();
    driver = new ChromeDriver(service, options);
    driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", WATCH));
  }

  /** Opens an address; an empty user signs nobody in. */
  void open(String address, String user, String password) {
    if (!user.isEmpty()) {
      // WildFly asks only who comes to this path, and the browser remembers whom it let in.
      String host = URI.create(address).getAuthority();
      driver.get("http://" + user + ":" + password + "@" + host + "/management");
    }
    driver.get(address);
  }

  /** Clicks what is called so, as soon as it is there. */
  void click(String name) {
    until("click " + name, () -> act("click", name, ""));
  }

  /** Enters a value into the field that is called so; of a file, its name. */
  void enter(String field, String value) {
    until("enter " + field, () -> act("enter", field, value));
  }

  /**
   * Returns the page as PNG.
   *
   * @param replacements the guide's values, which are shown, and what stands there for them
   */
  byte[] picture(Map<String, String> replacements) {
    until("a page that has settled", () -> true);
    driver.executeScript(SHOW_THE_GUIDES_VALUES, replacements);
    byte[] picture = driver.getScreenshotAs(OutputType.BYTES);
    driver.executeScript(SHOW_OWN_VALUES);
    return picture;
  }

  private void until(String what, Callable<Boolean> action) {
    try {
      Await.until(what, PATIENCE, () -> isQuiet() && action.call());
    } catch (ConditionTimeoutException e) {
      Path picture = TestLogs.file("console.png");
      try {
        Files.write(picture, driver.getScreenshotAs(OutputType.BYTES));
      } catch (IOException io) {
        throw new UncheckedIOException(io);
      }
      throw new IllegalStateException(what + ": cannot; the page is in " + picture, e);
    }
  }

  private boolean isQuiet() {
    driver.switchTo().defaultContent();
    return Boolean.TRUE.equals(driver.executeScript(IS_QUIET, QUIET_MS));
  }

  /** Does what is possible at this moment; tells whether that was all. */
  private boolean act(String action, String name, String value) {
    if (actHere(action, name, value)) {
      return true;
    }
    for (WebElement frame : driver.findElements(By.tagName("iframe"))) {
      if (frame.isDisplayed()) {
        driver.switchTo().frame(frame);
        if (actHere(action, name, value)) {
          return true;
        }
        driver.switchTo().defaultContent();
      }
    }
    return false;
  }

  private boolean actHere(String action, String name, String value) {
    @Nullable Object found = driver.executeScript(finder, action, name, value);
    if (!(found instanceof List<?> pair)) {
      return false;
    }
    WebElement element = (WebElement) Objects.requireNonNull(pair.get(0));
    return switch (String.valueOf(pair.get(1))) {
      case "done" -> true;
      case "click" -> {
        element.click();
        yield action.equals("click");
      }
      case "once" -> {
        boolean isFile = "file".equals(element.getDomProperty("type"));
        element.sendKeys(isFile ? files.resolve(value).toString() : value);
        yield true;
      }
      default -> {
        element.sendKeys(Keys.chord(Keys.CONTROL, "a"), value);
        yield false;
      }
    };
  }

  private static String resource(String name) {
    try (InputStream in = ConsoleBrowser.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
