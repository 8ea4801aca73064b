/**
 * Implementations in processes of their own, behind the protocol of {@code docs/protocol.md}: the child that is
 * watched, what it supplies as kernels and operations of this JVM, and the other end, which serves kernels. Depends on
 * {@code calls}, {@code cases}, {@code subject}, {@code validation}, {@code verdict}, {@code kernels.spi} and
 * {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.remote;

import org.jspecify.annotations.NullMarked;
