/**
 * The reference data: cases, their inputs and what is expected of them, read from the packaged resources or from a
 * folder. The format is in {@code docs/file-formats.md}. Depends on {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.conformance.cases;

import org.jspecify.annotations.NullMarked;
