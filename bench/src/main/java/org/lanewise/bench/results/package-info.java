/** What was measured and where: the result files that commands exchange. */
@NullMarked
package org.lanewise.bench.results;

import org.jspecify.annotations.NullMarked;
