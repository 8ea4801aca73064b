package org.lanewise.bench.report;

/** What a reader might take from the numbers and should not. */
record LimitsSection(Results results) implements Section {
  @Override
  public void render(Page page) {
    Page items = page.nested();
    items(items);
    if (items.isEmpty()) {
      return;
    }
    page.open("limits", "What the numbers do not show");
    page.add("<ul>\n").add(items.toString()).add("</ul>\n");
    page.close();
  }

  private void items(Page page) {
    if (!results.checked().tallies().isEmpty()) {
      page.add("<li>A kernel that conforms gives right results on the stored cases. Inputs that no case resembles ")
          .add("have not been tried.</li>\n");
    }
    if (!results.certificates().rows().isEmpty()) {
      page.add("<li>A certificate is of the sources that it was made from, whose sum it holds. ")
          .add("<em>lanewise verify --exhaustive</em> makes it anew.</li>\n");
    }
    if (!results.accuracy().curves().isEmpty()) {
      page.add("<li>Errors against the logit are of the inputs that were tried, the same for everybody. An input ")
          .add("between them may be worse; only a certificate over all inputs bounds it.</li>\n");
    }
    if (!results.curves().rows().isEmpty()) {
      page.add("<li>The same operands are used again and again: batches that fit a cache are read from it, and the ")
          .add("branch predictor has seen them. In a training loop they may come from memory.</li>\n")
          .add("<li>Calls are timed after the JIT compiler has done its work; the first calls of a JVM are far ")
          .add("slower.</li>\n")
          .add("<li>The bars show the spread between samples of this run, not between machines, boots or days. A ")
          .add("difference smaller than the bars is no difference.</li>\n")
          .add("<li>A ratio holds for this CPU at the clock it ran at; wider vectors can lower the clock of other ")
          .add("work on the same core. Cycles a logit are an estimate, from the clock of additions that wait for each ")
          .add("other.</li>\n");
    }
    if (results.curves().rows().stream().anyMatch(Measured::peer)) {
      page.add("<li>Peers are timed by a program of their own. That includes what a call from Python costs, which ")
          .add("dominates small batches, and on a GPU only the transfers that the name of the line says.</li>\n");
    }
  }
}
