/** Other implementations of the losses on the CPU, measured beside the kernels. */
@NullMarked
package org.lanewise.bench.peers;

import org.jspecify.annotations.NullMarked;
