/**
 * The errors of the losses, named after PyTorch's: same class name, same message to the letter, and beside it the call
 * that cures them. Depends on nothing.
 */
@NullMarked
package org.lanewise.kernels.error;

import org.jspecify.annotations.NullMarked;
