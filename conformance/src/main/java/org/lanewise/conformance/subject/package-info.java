/**
 * Who is judged: an implementation that is given a case and answers, and those of this JVM, the front door and the kernels
 * behind it. Depends on {@code calls}, {@code cases}, {@code ulp}, {@code verdict}, {@code kernels}, {@code kernels.error},
 * {@code kernels.metrics}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.subject;

import org.jspecify.annotations.NullMarked;
