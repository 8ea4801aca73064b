/**
 * The whole verdict on somebody else's implementation: rules, levels, and the checks that go beyond stored cases.
 * Depends on {@code calls}, {@code cases}, {@code fresh}, {@code judgement}, {@code subject}, {@code ulp}, {@code verdict},
 * {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.validation;

import org.jspecify.annotations.NullMarked;
