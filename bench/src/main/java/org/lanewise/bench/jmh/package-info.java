/** The JMH benchmarks, what they run on, and how they are run. */
@NullMarked
package org.lanewise.bench.jmh;

import org.jspecify.annotations.NullMarked;
