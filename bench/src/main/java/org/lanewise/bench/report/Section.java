package org.lanewise.bench.report;

/** A part of the page; where the files hold nothing for it, it adds nothing. */
interface Section {
  void render(Page page);
}
