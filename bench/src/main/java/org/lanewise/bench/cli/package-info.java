/**
 * The command line. Depends on {@code bench}, {@code baseline}, {@code compare}, {@code errors}, {@code gate},
 * {@code gate.fork}, {@code gate.inject}, {@code gate.rule}, {@code grid}, {@code jmh}, {@code nativelib}, {@code opencl},
 * {@code peers}, {@code report}, {@code results}, {@code run}, {@code sweep}, {@code conformance.cases},
 * {@code conformance.judgement}, {@code conformance.remote}, {@code conformance.subject},
 * {@code conformance.validation}, {@code conformance.verdict}, {@code kernels}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.cli;

import org.jspecify.annotations.NullMarked;
