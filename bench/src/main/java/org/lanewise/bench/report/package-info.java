/**
 * The report: one HTML file that needs nothing but a browser. Depends on {@code bench}, {@code compare}, {@code gate},
 * {@code grid} and {@code results}.
 */
@NullMarked
package org.lanewise.bench.report;

import org.jspecify.annotations.NullMarked;
