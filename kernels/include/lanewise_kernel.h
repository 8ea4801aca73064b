/*
 * The C form of the kernel call: what a native library offers so that Lanewise can verify and measure its kernels.
 *
 * A library exports lanewise_kernel_info() and the functions of the operations that it declares there. The calls mirror
 * the Java classes BceWithLogitsCall and CrossEntropyCall in org.lanewise.kernels.spi, where the mathematics is written.
 *
 * Data are arguments of their own, beside the call: Java hands over arrays of its heap without a copy, and those can only
 * be direct arguments. While a function runs, the garbage collector may have to wait for it. Therefore a function must
 * not call back into the JVM, block, or wait for other threads.
 *
 * Compatibility. Every field is eight bytes wide, on every platform with pointers of 64 bits. A struct begins with its
 * size in bytes and the version of this header that its writer knew. Later versions add fields at the end, whose 0 means
 * "as before", and add functions; nothing is renamed, moved or given another meaning. A reader uses no field beyond the
 * size given, and a library answers LANEWISE_BAD_CALL to a struct smaller than that of version 1.
 *
 * Functions may be called by several threads at once, each with a call of its own. They check nothing that the caller has
 * to keep: sizes are at least 0, class indices valid, inputs and outputs do not overlap.
 *
 * C11 and C++11.
 */
#ifndef LANEWISE_KERNEL_H
#define LANEWISE_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define LANEWISE_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define LANEWISE_EXPORT __attribute__((visibility("default")))
#else
#define LANEWISE_EXPORT
#endif

/* The version of this header. */
#define LANEWISE_KERNEL_VERSION 1

/* What functions return. */
#define LANEWISE_OK 0
#define LANEWISE_UNSUPPORTED 1 /* these operands or options are not supplied; nothing has been written */
#define LANEWISE_BAD_CALL 2    /* the struct is too small, or of a version that the library does not know */

/* Operations. */
#define LANEWISE_BCE_WITH_LOGITS 0
#define LANEWISE_CROSS_ENTROPY 1

/* Dtypes. */
#define LANEWISE_FLOAT32 0
#define LANEWISE_FLOAT64 1 /* reserved: version 1 has no functions for it */

/*
 * Where an operand lies in its data, in elements. BCE: element (row, column) at offset + row * row_stride + column *
 * column_stride; a stride of 0 broadcasts. Cross-entropy: logit, probability or gradient (n, c, i) at offset + n *
 * row_stride + c * column_stride + i; a value per row (n, i) at offset + n * row_stride + i * column_stride.
 */
typedef struct lanewise_operand {
  int64_t present; /* 0: absent (an input) or not wanted (an output); its data pointer is not looked at, and may be NULL */
  int64_t offset;
  int64_t row_stride;
  int64_t column_stride;
} lanewise_operand;

/* One block of rows x columns elements. */
typedef struct lanewise_bce_with_logits_call {
  int64_t size; /* sizeof(lanewise_bce_with_logits_call) */
  int64_t version;

  int64_t rows;
  int64_t columns;

  /* Inputs; weight and pos_weight may be absent, so may upstream, which then is 1. */
  lanewise_operand logits;
  lanewise_operand target;
  lanewise_operand weight;
  lanewise_operand pos_weight;
  lanewise_operand upstream;

  /* A factor of every gradient entry. */
  double gradient_scale;

  /* Outputs, each absent unless wanted. */
  lanewise_operand loss;
  lanewise_operand logits_gradient;
  lanewise_operand target_gradient;

  /* Output, always: the float64 sum of the losses, each rounded to the dtype first. */
  double loss_sum;
} lanewise_bce_with_logits_call;

/* One block of outer x inner rows. */
typedef struct lanewise_cross_entropy_call {
  int64_t size; /* sizeof(lanewise_cross_entropy_call) */
  int64_t version;

  int64_t outer;
  int64_t classes;
  int64_t inner;

  lanewise_operand logits;
  lanewise_operand target;        /* class indices, one a row; absent if there are probabilities */
  lanewise_operand probabilities; /* of the classes; absent if there are class indices */
  lanewise_operand class_weight;  /* one a class, at offset + c; absent means 1 */
  lanewise_operand upstream;      /* one a row; absent means 1 */

  /* Rows with this class index have loss 0, weight 0 and gradient 0; NaN where the row has no softmax. */
  int64_t ignore_index;

  /* From 0 to 1. */
  double label_smoothing;

  /* A factor of every gradient entry. */
  double gradient_scale;

  /* Outputs, each absent unless wanted; the loss is one a row. */
  lanewise_operand loss;
  lanewise_operand logits_gradient;
  lanewise_operand target_gradient; /* of the probabilities */

  /* Outputs, always: the float64 sum of the losses, each rounded to the dtype first; the float64 sum of the weights of the
   * class indices that are not ignored, or how many there are where unweighted (of no meaning with probabilities). */
  double loss_sum;
  double weight_sum;
} lanewise_cross_entropy_call;

/* What is promised of one kernel; bounds in ULP as in org.lanewise.kernels.spi.Declaration, infinity for none. */
typedef struct lanewise_declaration {
  int64_t operation;
  int64_t dtype;
  double loss_ulp;
  double gradient_ulp;
  double mixed_ulp;
  double reduced_ulp;
  int64_t reproducible_bits; /* 1: the same inputs give the same bits on every machine */
} lanewise_declaration;

/* What a library is. All it points to lives as long as the library; texts end within 64 KiB. */
typedef struct lanewise_info {
  int64_t size; /* sizeof(lanewise_info) */
  int64_t version;
  const char *id;          /* short, lower case: users ask for the kernels by it */
  const char *description; /* one line for people: how these kernels compute */
  const char *unavailable; /* one sentence: what this machine lacks; NULL if the kernels can run here */
  int64_t lanes;           /* float32 elements that are computed at once; at most 65536 */
  int64_t declaration_count;
  const lanewise_declaration *declarations; /* one a function supplied; at most 64 */
  int64_t declaration_size;                 /* sizeof(lanewise_declaration); at most 1024 */
} lanewise_info;

/* Never NULL. Runs on every machine that can load the library, also where the kernels cannot. */
LANEWISE_EXPORT const lanewise_info *lanewise_kernel_info(void);

LANEWISE_EXPORT int lanewise_bce_with_logits_f32(
    lanewise_bce_with_logits_call *call, const float *logits, const float *target, const float *weight,
    const float *pos_weight, const float *upstream, float *loss, float *logits_gradient, float *target_gradient);

LANEWISE_EXPORT int lanewise_cross_entropy_f32(
    lanewise_cross_entropy_call *call, const float *logits, const int64_t *target, const float *probabilities,
    const float *class_weight, const float *upstream, float *loss, float *logits_gradient, float *target_gradient);

#ifdef __cplusplus
}
#endif

#endif
