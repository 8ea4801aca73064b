/** The report: one HTML file that needs nothing but a browser. */
@NullMarked
package org.lanewise.bench.report;

import org.jspecify.annotations.NullMarked;
