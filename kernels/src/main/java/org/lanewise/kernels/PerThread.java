package org.lanewise.kernels;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scratch that a thread keeps from call to call, so that a call allocates nothing. A call within a call, from a kernel
 * that uses a front door itself, gets scratch of its own.
 */
final class PerThread<T> {
  private static final class Slot<T> {
    @Nullable T free;
  }

  private final ThreadLocal<Slot<T>> slots = ThreadLocal.withInitial(Slot::new);
  private final Supplier<T> maker;

  PerThread(Supplier<T> maker) {
    this.maker = maker;
  }

  T take() {
    Slot<T> slot = slots.get();
    T taken = slot.free;
    slot.free = null;
    return taken == null ? maker.get() : taken;
  }

  void giveBack(T taken) {
    slots.get().free = taken;
  }
}
