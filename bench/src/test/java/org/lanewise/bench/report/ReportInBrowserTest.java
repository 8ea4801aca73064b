package org.lanewise.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonObject;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanewise.bench.grid.Work;
import org.lanewise.bench.results.MeasuredRow;
import org.lanewise.bench.results.MeasuredRow.Implementation;
import org.lanewise.bench.results.MeasuredRow.Time;
import org.lanewise.bench.results.ResultFile;

/** The page in a real browser: it logs nothing, and every plot has marks. */
class ReportInBrowserTest {
  @TempDir Path folder;

  @Test
  void thePageLogsNoErrorAndEveryPlotHasMarks() throws Exception {
    Work work = new Work("bce_with_logits", "float32", "binary", 1024, 1, "mean", "forward", "normal");
    MeasuredRow row = MeasuredRow.measured(work, Implementation.kernel("vector"), new Time(10, 9, 12, 5), null);
    Path page = folder.resolve("r.html");
    new HtmlReport(List.of(new ResultFile("bench", new JsonObject(), List.of(row.toJson())))).write(page);
    Path dom = folder.resolve("dom");
    Path log = folder.resolve("log");
    Process browser =
        new ProcessBuilder(
                browser(), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                "--user-data-dir=" + folder.resolve("profile"), "--dump-dom", page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    if (!browser.waitFor(60, TimeUnit.SECONDS)) {
      browser.destroyForcibly().waitFor();
      fail("the browser did not end within a minute");
    }
    String seen = Files.readString(dom, StandardCharsets.UTF_8);
    assertFalse(Files.readString(log, StandardCharsets.UTF_8).contains("CONSOLE"), "the page logs something");
    String[] plots = seen.split("<svg ", -1);
    assertEquals(2, plots.length, seen);
    for (String plot : Arrays.asList(plots).subList(1, plots.length)) {
      assertTrue(plot.substring(0, plot.indexOf("</svg>")).contains("class=\"marker\""), plot);
    }
  }

  private static String browser() {
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
