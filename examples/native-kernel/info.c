/* What the library is. Compiled for the plainest CPU of its kind: it is asked where the kernels cannot run. */
#include <stddef.h>

#include "lanewise_kernel.h"

/* The bounds of the Java kernel "scalar", whose bits these kernels give: BceMath.java, CrossEntropyMath.java. */
static const lanewise_declaration DECLARATIONS[] = {
    {LANEWISE_BCE_WITH_LOGITS, LANEWISE_FLOAT32, 0.88, 0.79, 2, 1.5, 0}, /* 0: the target's gradient calls the C library */
    {LANEWISE_CROSS_ENTROPY, LANEWISE_FLOAT32, 2, 3.25, 1, 1.5, 1},
};

static lanewise_info info = {
    sizeof(lanewise_info), LANEWISE_KERNEL_VERSION, NULL, NULL, NULL, 0,
    sizeof DECLARATIONS / sizeof *DECLARATIONS, DECLARATIONS, sizeof *DECLARATIONS,
};

/* When the library is loaded. */
__attribute__((constructor)) static void describe(void) {
  __builtin_cpu_init();
#if defined(LANEWISE_AVX512)
  info.id = "c-avx512";
  info.description = "C with AVX-512 intrinsics";
  info.lanes = 16;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl")) {
    info.unavailable = "This CPU lacks AVX-512 (F, BW, CD, DQ, VL).";
  }
#else
  info.id = "c-avx2";
  info.description = "C with AVX2 intrinsics";
  info.lanes = 8;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) {
    info.unavailable = "This CPU lacks AVX2, FMA or BMI2.";
  }
#endif
}

const lanewise_info *lanewise_kernel_info(void) { return &info; }
