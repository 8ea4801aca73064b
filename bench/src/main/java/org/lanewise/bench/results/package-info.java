/**
 * What was measured and where: the result files that commands exchange. Depends on {@code bench}, {@code baseline},
 * {@code grid}, {@code kernels}, {@code kernels.spi} and {@code kernels.tensor}.
 */
@NullMarked
package org.lanewise.bench.results;

import org.jspecify.annotations.NullMarked;
