package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A headless browser that shows a page, and what the page did meanwhile. */
final class Browser {
  /**
   * What came of showing a page.
   *
   * @param dom the document after all scripts
   * @param log what the browser printed; lines of the page's console have the word CONSOLE
   * @param requests the addresses that the page asked for, files excepted
   */
  record Shown(String dom, String log, List<String> requests) {}

  private final Path folder;

  /** A browser that keeps its files in a folder. */
  Browser(Path folder) {
    this.folder = folder;
  }

  /** Shows the page, in a window of the given width, of at least 500 pixels. */
  Shown show(String html, int width) throws IOException, InterruptedException {
    String program = program();
    Path work = Files.createTempDirectory(folder, "browser");
    Path page = Files.writeString(work.resolve("page.html"), html);
    Path dom = work.resolve("dom");
    Path log = work.resolve("log");
    Path netLog = work.resolve("net-log");
    Process browser =
        new ProcessBuilder(
                program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr",
                "--user-data-dir=" + work.resolve("profile"), "--log-net-log=" + netLog,
                "--window-size=%d,900".formatted(width), "--dump-dom", page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    if (!browser.waitFor(60, TimeUnit.SECONDS)) {
      browser.descendants().forEach(ProcessHandle::destroyForcibly);
      browser.destroyForcibly().waitFor();
      fail("the browser did not end within a minute");
    }
    return new Shown(
        Files.readString(dom, StandardCharsets.UTF_8),
        Files.readString(log, StandardCharsets.UTF_8),
        requests(Files.readString(netLog, StandardCharsets.UTF_8)));
  }

  /** The addresses that pages asked for; what the browser asks for of its own accord has no origin. */
  private static List<String> requests(String netLog) {
    return Pattern.compile("\"initiator\":\"([^\"]*)\".*?\"url\":\"([^\"]*)\"")
        .matcher(netLog)
        .results()
        .filter(request -> !request.group(1).equals("not an origin"))
        .map(request -> request.group(2))
        .distinct()
        .toList();
  }

  /** The test is skipped where there is no browser, unless one is required. */
  private static String program() {
    for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
      for (String directory : System.getenv("PATH").split(File.pathSeparator)) {
        Path program = Path.of(directory, name);
        if (Files.isExecutable(program)) {
          return program.toString();
        }
      }
    }
    String reason = "no chromium, chromium-browser or google-chrome on the PATH";
    if (Arrays.asList(System.getProperty("lanewise.require", "").split("[ ,]+")).contains("chromium")) {
      fail(reason);
    }
    return abort(reason);
  }
}
