/** The command line. */
@NullMarked
package org.lanewise.bench.cli;

import org.jspecify.annotations.NullMarked;
