/**
 * Other implementations of the losses on the CPU, measured beside the kernels. Depends on {@code bench}, {@code grid},
 * {@code results} and {@code run}.
 */
@NullMarked
package org.lanewise.bench.peers;

import org.jspecify.annotations.NullMarked;
