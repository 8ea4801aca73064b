/**
 * The rule: what two builds showed, and the verdict on it, the same bits on every machine. Depends on
 * {@code gate.statistics}, {@code grid} and {@code results}.
 */
@NullMarked
package org.lanewise.bench.gate.rule;

import org.jspecify.annotations.NullMarked;
