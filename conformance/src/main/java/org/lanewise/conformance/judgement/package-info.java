/**
 * The judgement: which value is right, how far a result may be from it, and the verdict with its witness. Depends on
 * {@code calls}, {@code cases}, {@code subject}, {@code ulp}, {@code verdict}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.judgement;

import org.jspecify.annotations.NullMarked;
