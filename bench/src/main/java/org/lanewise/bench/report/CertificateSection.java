package org.lanewise.bench.report;

import java.util.Locale;

/** What certificates prove: the largest error beside the declared bound, and over which inputs. */
record CertificateSection(Results results) implements Section {
  @Override
  public void render(Page page) {
    if (results.certificates().rows().isEmpty()) {
      return;
    }
    page.open("certificates", "Certificates");
    page.add("<p>A complete certificate bounds the error over every input; a sampled one tells the largest error of ")
        .add("the inputs that were drawn and proves nothing beyond them.</p>\n");
    Table table =
        new Table("")
            .text("Operation", null)
            .text("Kernel", null)
            .text("Output", null)
            .text("Verdict", null)
            .number("Max ULP", null)
            .number("Declared bound", null)
            .wide("Inputs", null)
            .wide("Where it is largest", null);
    for (Certificates.Row row : results.certificates().rows()) {
      table.row(
          Table.Cell.of(row.operation()),
          Table.Cell.of(row.kernel()),
          Table.Cell.of("%s, %s".formatted(row.output().replace('_', ' '), row.dtype())),
          Table.Cell.of(
              row.verdict().equals("FAILED") ? "✗ FAILED: " + row.reason() : row.verdict().toLowerCase(Locale.ROOT)),
          Table.Cell.of(Numbers.ulp(row.maxUlp())),
          Table.Cell.of(row.declared()),
          Table.Cell.of(row.inputs()),
          Table.Cell.of(row.worst()));
    }
    page.add(table.html());
    page.close();
  }
}
