package org.lanewise.kernels.spi;

/**
 * Marks a kernel that is given a whole batch as one block, as a device needs it whose every call costs a launch. Such a
 * kernel adds all losses of a batch itself.
 */
public interface WholeBatch {}
