/*
 * BCE with logits in plain C, honest unless one macro makes it sick:
 *
 *   CRASHES  HANGS  EATS_MEMORY  EXITS  ABORTS   on the calls that SICK_WHEN names
 *   UNSUPPORTED                                  refuses those calls
 *   WRITES_PAST_END                              by one element, on those calls
 *   PRINTS                                       to standard output, and is honest otherwise
 *   WITHOUT_INFO                                 the library does not say what it is
 *   WITHOUT_CROSS_ENTROPY                        declared, but the function is missing
 *   OF_VERSION                                   the version that it claims to be of
 *
 * SICK_WHEN is an expression of `call` and `elements`; every call unless defined.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lanewise_kernel.h"

#ifndef SICK_WHEN
#define SICK_WHEN 1
#endif

#ifndef OF_VERSION
#define OF_VERSION LANEWISE_KERNEL_VERSION
#endif

static int64_t at(const lanewise_operand *operand, int64_t row, int64_t column) {
  return operand->offset + row * operand->row_stride + column * operand->column_stride;
}

static double value(const lanewise_operand *operand, const float *data, int64_t row, int64_t column) {
  return operand->present ? data[at(operand, row, column)] : 1;
}

/* The sickness of this library. 0: go on; otherwise what to return. */
static int fall_ill(const lanewise_bce_with_logits_call *call, int64_t elements) {
  if (!(SICK_WHEN)) {
    return 0;
  }
#if defined(CRASHES)
  volatile int *volatile nowhere = NULL;
  *nowhere = 1;
#elif defined(HANGS)
  for (volatile int waits = 1; waits;) {
  }
#elif defined(EATS_MEMORY)
  for (;;) {
    volatile char *block = malloc(1 << 20);
    for (int i = 0; block && i < 1 << 20; i += 4096) {
      block[i] = 1; /* memory counts only once it is used */
    }
  }
#elif defined(EXITS)
  exit(0);
#elif defined(ABORTS)
  abort();
#elif defined(UNSUPPORTED)
  return LANEWISE_UNSUPPORTED;
#elif defined(PRINTS)
  printf("%lld elements\n", (long long)elements);
  fflush(stdout);
#endif
  (void)call;
  (void)elements;
  return 0;
}

/* ln(1 + e^-|x|), to be multiplied by c. With an infinite c what float32 rounds to 0 gives NaN, as in PyTorch. */
static double logarithm(double x, double c) {
  double log = log1p(exp(-fabs(x)));
  return isinf(c) ? (float)log : log;
}

/*
 * With q = pos_weight * t and c = (1 - t) + q the loss is (1 - t) x + c ln(1 + e^-x), written so that nothing cancels on
 * either side of 0. At -inf all is NaN, as in PyTorch.
 */
static double loss_of(double x, double t, double q, double c) {
  return (x > 0 ? (1 - t) * x : (x - x) - q * x) + c * logarithm(x, c);
}

static double gradient_of(double x, double t, double q, double c) {
  double z = exp(-fabs(x));
  if (x != x || c - c != 0) {
    return NAN;
  }
  return (x > 0 ? -(q * z - (1 - t)) : (1 - t) * z - q) / (1 + z); /* also a 0 has the true sign */
}

static double target_gradient_of(double x, double pos_weight, int weighted) {
  double log = logarithm(x, pos_weight);
  return weighted ? pos_weight * ((x < 0 ? -x : 0) + log) - ((x > 0 ? x : 0) + log) : -x;
}

LANEWISE_EXPORT int lanewise_bce_with_logits_f32(
    lanewise_bce_with_logits_call *call, const float *logits, const float *target, const float *weight,
    const float *pos_weight, const float *upstream, float *loss, float *logits_gradient, float *target_gradient) {
  if (call->size < (int64_t)sizeof *call || call->version < 1) {
    return LANEWISE_BAD_CALL;
  }
  int64_t elements = call->rows * call->columns;
  int ill = fall_ill(call, elements);
  if (ill) {
    return ill;
  }
  double sum = 0;
  for (int64_t i = 0; i < call->rows; i++) {
    for (int64_t j = 0; j < call->columns; j++) {
      double x = logits[at(&call->logits, i, j)];
      double t = target[at(&call->target, i, j)];
      double p = value(&call->pos_weight, pos_weight, i, j);
      double q = call->pos_weight.present ? p * t : t;
      double c = call->pos_weight.present ? (1 - t) + q : 1;
      double w = value(&call->weight, weight, i, j);
      double factor = value(&call->upstream, upstream, i, j) * w * call->gradient_scale;
      float of_element = (float)(loss_of(x, t, q, c) * w);
      if (call->loss.present) {
        loss[at(&call->loss, i, j)] = of_element;
      }
      if (call->logits_gradient.present) {
        logits_gradient[at(&call->logits_gradient, i, j)] = (float)(gradient_of(x, t, q, c) * factor);
      }
      if (call->target_gradient.present) {
        target_gradient[at(&call->target_gradient, i, j)] =
            (float)(target_gradient_of(x, p, call->pos_weight.present != 0) * factor);
      }
      sum += of_element;
    }
  }
  call->loss_sum = sum;
#if defined(WRITES_PAST_END)
  if (call->loss.present && elements > 0 && (SICK_WHEN)) {
    loss[at(&call->loss, call->rows - 1, call->columns - 1) + 1] = 0;
  }
#endif
  return LANEWISE_OK;
}

#if !defined(WITHOUT_INFO)
static const lanewise_declaration DECLARATIONS[] = {
    {LANEWISE_BCE_WITH_LOGITS, LANEWISE_FLOAT32, 0.6, 0.6, 1, 1, 0},
#if defined(WITHOUT_CROSS_ENTROPY)
    {LANEWISE_CROSS_ENTROPY, LANEWISE_FLOAT32, 4, 4, 2, 1, 0},
#endif
};

static const lanewise_info INFO = {
    sizeof(lanewise_info), OF_VERSION, "plain-c", "plain C, float64 inside", NULL, 1,
    sizeof DECLARATIONS / sizeof *DECLARATIONS, DECLARATIONS, sizeof *DECLARATIONS,
};

LANEWISE_EXPORT const lanewise_info *lanewise_kernel_info(void) { return &INFO; }
#endif
