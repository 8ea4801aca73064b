/**
 * The regression gate: a run, judged by a project's policy, and the record of the gate's own errors. Depends on
 * {@code bench}, {@code gate.rule}, {@code gate.statistics}, {@code grid}, {@code results} and {@code conformance.cases}.
 */
@NullMarked
package org.lanewise.bench.gate;

import org.jspecify.annotations.NullMarked;
