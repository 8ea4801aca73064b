/*
 * Float32 cross-entropy, with the bits of the Java kernel "scalar": formulas in CrossEntropyMath.java, steps as in
 * ScalarCrossEntropy.java, MixedTargets.java and RowMath.java. Rows of neighbouring logits that all lie in the window go
 * through vectors, all others through plain C.
 */
#include "common.h"

#define LARGEST_UNSHIFTED 0x1p16f
#define LOG2_E 0x1.715476p0f
#define MAGIC (12582912.0f + 127.0f)
#define MINUS_LN2_HIGH -0x1.62e430p-1f
#define MINUS_LN2_LOW 0x1.05c610p-29f
#define WINDOW 43.0f
#define WIDE 256
#define HEADROOM 62
#define HEADROOM_UNSCALE 0x1p-62f
#define LARGE_SCALE 0x1p60
#define LARGE_UNIT 0x1p64f
#define DEEPEST 122.0f
#define Q0 0x1.fffffcp-2f
#define Q1 0x1.55548cp-3f
#define Q2 0x1.555858p-5f
#define Q3 0x1.123ddep-7f
#define Q4 0x1.6ac83p-10f
#define LOWEST_TARGET -600.0
#define LN2 0x1.62e42fefa39efp-1
#define LOG2_E_DOUBLE 0x1.71547652b82fep0
/* Logits at a time, a multiple of SLOTS; see bce.c. */
#define CHUNK 384

/* Rows whose epilogues are computed together. */
#define BATCH 32

/* Operands of one call. */
typedef struct data {
  lanewise_cross_entropy_call *call;
  const float *logits;
  const int64_t *target;
  const float *probabilities;
  const float *class_weight;
  const float *upstream;
  float *loss;
  float *logits_gradient;
  float *target_gradient;
} data;

/* ---- RowMath: branch-free, so that the compiler can vectorise a batch of rows ---- */

static inline double row_exp(double x) {
  double k = x * LOG2_E_DOUBLE + 0x1.8p52;
  double n = k - 0x1.8p52;
  double r = fma(n, -0x1.a39ef35793c76p-33, fma(n, -0x1.62e42feep-1, x));
  double r2 = r * r;
  double p01 = 1 + r;
  double p23 = fma(r, 1.0 / 6, 1.0 / 2);
  double p45 = fma(r, 1.0 / 120, 1.0 / 24);
  double p67 = fma(r, 1.0 / 5040, 1.0 / 720);
  double p89 = fma(r, 1.0 / 362880, 1.0 / 40320);
  double r4 = r2 * r2;
  double p03 = fma(r2, p23, p01);
  double p47 = fma(r2, p67, p45);
  double p810 = fma(r2, 1.0 / 3628800, p89);
  double p = fma(r4, fma(r4, p810, p47), p03);
  return p * bits_double((double_bits(k) + 1023) << 52);
}

static inline double row_log1p(double x) {
  double u = 1 + x;
  uint64_t bits = double_bits(u);
  double f = bits_double((bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000));
  int large = f > 0x1.6a09e667f3bcdp0;
  /* The exponent as a double: put into the low bits of 2^52, which then is subtracted. */
  double q = bits_double((bits >> 52) | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023) + (large ? 1.0 : 0.0);
  f *= large ? 0.5 : 1.0;
  double g = q == 0 ? x : f - 1;
  double s = g / (2 + g);
  double s2 = s * s;
  double s4 = s2 * s2;
  double even = fma(s4, fma(s4, fma(s4, 1.0 / 13, 1.0 / 9), 1.0 / 5), 1);
  double odd = fma(s4, fma(s4, fma(s4, 1.0 / 15, 1.0 / 11), 1.0 / 7), 1.0 / 3);
  double series = fma(s2, odd, even);
  return fma(q, LN2, 2 * s * series) + (x - x);
}

static inline float unit_of(double scale) {
  return fabs(scale) < 1 ? HEADROOM_UNSCALE : fabs(scale) > LARGE_SCALE ? LARGE_UNIT : 1;
}

static inline double leading(double factor) { return bits_double(double_bits(factor) & (~UINT64_C(0) << 29)); }

static inline float high_of(double factor) { return (float)leading(factor); }

static inline float low_of(double factor) {
  double rest = factor - leading(factor);
  return (float)copysign(rest == rest ? rest : 0, factor);
}

static void fill(const lanewise_operand *operand, float *data, int64_t classes, int64_t n, int64_t i, float value) {
  for (int64_t c = 0; c < classes && operand->present; c++) {
    data[at(operand, n, c) + i] = value;
  }
}

/* ---- vectors ---- */

static inline vf window_exponential(vf x) {
  vf k = vf_fma(x, vf_all(LOG2_E), vf_all(MAGIC));
  vf power = vf_sub(k, vf_all(MAGIC));
  vf rh = vf_fma(power, vf_all(MINUS_LN2_HIGH), x);
  vf r = vf_fma(power, vf_all(MINUS_LN2_LOW), rh);
  vf p = vf_fma(
      vf_fma(vf_fma(vf_fma(vf_all(Q4), r, vf_all(Q3)), r, vf_all(Q2)), r, vf_all(Q1)), r, vf_all(Q0));
  vf q = vf_fma(vf_fma(p, r, vf_all(1)), r, vf_all(1));
  return vf_mul(q, vf_bits_shl23(k));
}

/*
 * The sum of the exponentials of a wide row, without the target's, in slots; writes them where they are wanted. Sets
 * `inside` to 0 if a logit lies outside the window, and then all that was written is void. Two short loops a chunk, as in
 * bce.c.
 */
static double wide_row(const float *x, int64_t classes, int64_t target, float *out, int *inside) {
  float scratch[CHUNK] __attribute__((aligned(64)));
  vf magnitude = vf_all(0);
  vd sums[2 * SLOT_VECTORS];
  for (int j = 0; j < 2 * SLOT_VECTORS; j++) {
    sums[j] = vd_zero();
  }
  for (int64_t chunk = 0; chunk < classes; chunk += CHUNK) {
    int64_t length = classes - chunk < CHUNK ? classes - chunk : CHUNK;
    int64_t whole = length / LANES * LANES;
    for (int64_t c = 0; c < whole; c += LANES) {
      vf v = vf_load(x + chunk + c);
      magnitude = vf_larger(vf_abs(v), magnitude); /* NaN passed over */
      vf e = window_exponential(v);
      vf_store(scratch + c, e);
      if (out) {
        vf_store(out + chunk + c, e);
      }
    }
    int64_t padded = (length + SLOTS - 1) / SLOTS * SLOTS;
    for (int64_t c = whole; c < padded; c += LANES) {
      vm first = vm_first(c < length ? length - c : 0);
      vf v = vf_load_first(x + chunk + c, first);
      magnitude = vf_larger(vf_abs(v), magnitude);
      vf e = vf_choose(first, window_exponential(v), vf_all(0));
      vf_store(scratch + c, e);
      if (out) {
        vf_store_first(out + chunk + c, e, first);
      }
    }
    if (target >= chunk && target < chunk + length) {
      scratch[target - chunk] = 0;
    }
    for (int64_t c = 0; c < padded; c += SLOTS) {
#pragma GCC unroll 4
      for (int j = 0; j < SLOT_VECTORS; j++) {
        vf e = vf_load(scratch + c + j * LANES);
        sums[2 * j] = vd_add(sums[2 * j], vd_low(e));
        sums[2 * j + 1] = vd_add(sums[2 * j + 1], vd_high(e));
      }
    }
  }
  double slots[SLOTS];
  for (int j = 0; j < 2 * SLOT_VECTORS; j++) {
    vd_store(slots + j * LANES / 2, sums[j]);
  }
  *inside = !vm_any(vf_gt(magnitude, vf_all(WINDOW)));
  return slot_sum(slots);
}

/*
 * The exponentials of neighbouring logits, one narrow row or many, in float64, as they are added; writes up to LANES more
 * than there are logits. Returns whether all lie in the window.
 */
static int narrow_exponentials(const float *x, int64_t length, double *out) {
  vf magnitude = vf_all(0);
  int64_t whole = length / LANES * LANES;
  for (int64_t c = 0; c < whole; c += LANES) {
    vf v = vf_load(x + c);
    magnitude = vf_larger(vf_abs(v), magnitude);
    vf e = window_exponential(v);
    vd_store(out + c, vd_low(e));
    vd_store(out + c + LANES / 2, vd_high(e));
  }
  if (whole < length) {
    vm first = vm_first(length - whole);
    vf v = vf_load_first(x + whole, first);
    magnitude = vf_larger(vf_abs(v), magnitude);
    vf e = window_exponential(v);
    vd_store(out + whole, vd_low(e));
    vd_store(out + whole + LANES / 2, vd_high(e));
  }
  return !vm_any(vf_gt(magnitude, vf_all(WINDOW)));
}

/* The sums of eight rows in class order: eight chains of additions at once. */
static void sums_in_order(const double *const rows[8], int64_t classes, double sums[8]) {
  double s[8] = {0};
  for (int64_t c = 0; c < classes; c++) {
#pragma GCC unroll 8
    for (int r = 0; r < 8; r++) {
      s[r] += rows[r][c];
    }
  }
  memcpy(sums, s, sizeof s);
}

/* The gradient of a wide row, which holds its exponentials. */
static void scale_wide(float *row, int64_t classes, float unit, float high, float low) {
  for (int64_t c = 0; c < classes; c += LANES) {
    vm first = vm_first(classes - c < LANES ? classes - c : LANES);
    vf e = vf_mul(vf_load_first(row + c, first), vf_all(unit));
    vf_store_first(row + c, vf_fma(e, vf_all(high), vf_mul(e, vf_all(low))), first);
  }
}

/*
 * The gradient of a narrow row from the exponentials in float64, which are floats. From there, because a load from
 * the row would wait for the store to the row before it.
 */
static void scale_narrow(
    const double *exponentials, float *row, int64_t classes, float unit, float high, float low) {
  for (int64_t c = 0; c < classes; c += LANES) {
    vm first = vm_first(classes - c < LANES ? classes - c : LANES);
    vf e = vf_mul(vf_of_doubles(exponentials + c), vf_all(unit));
    vf_store_first(row + c, vf_fma(e, vf_all(high), vf_mul(e, vf_all(low))), first);
  }
}

/* ---- plain C ---- */

static float largest(const float *logits, int64_t start, int64_t stride, int64_t classes) {
  float max = -INFINITY;
  for (int64_t c = 0; c < classes; c++) {
    float x = logits[start + c * stride];
    max = x > max ? x : max;
  }
  return max;
}

static float largest_magnitude(const float *logits, int64_t start, int64_t stride, int64_t classes) {
  float max = 0;
  for (int64_t c = 0; c < classes; c++) {
    float x = fabsf(logits[start + c * stride]);
    max = x > max ? x : max;
  }
  return max;
}

/* The unweighted loss of one row; writes the gradient of the row where it is wanted. */
static double plain_row(const data *d, int64_t n, int64_t i, int64_t target, double scale) {
  const lanewise_cross_entropy_call *call = d->call;
  int64_t start = at(&call->logits, n, 0) + i;
  int64_t stride = call->logits.column_stride;
  int64_t classes = call->classes;
  float max = largest(d->logits, start, stride, classes);
  if (!(fabsf(max) <= 0x1.fffffep127f)) {
    /* +inf among the logits, or nothing above -inf: there is no distribution, every result is NaN. */
    fill(&call->logits_gradient, d->logits_gradient, classes, n, i, NAN);
    fill(&call->target_gradient, d->target_gradient, classes, n, i, NAN);
    return NAN;
  }
  float shift = fabsf(max) <= LARGEST_UNSHIFTED ? 0 : max;
  float shifted_max = max - shift;
  int in_window = largest_magnitude(d->logits, start, stride, classes) <= WINDOW;
  float exponent_offset = in_window ? 0 : (float)rint((double)shifted_max * LOG2_E_DOUBLE) - HEADROOM;

  double slots[SLOTS] = {0};
  double in_order = 0;
  float magic = MAGIC - exponent_offset;
  float lowest = shifted_max - DEEPEST;
  for (int64_t c = 0; c < classes; c++) {
    float x = d->logits[start + c * stride] - shift;
    float xc = x < lowest ? lowest : x;
    float k = fmaf(xc, LOG2_E, magic);
    float power = k - magic;
    float rh = fmaf(power, MINUS_LN2_HIGH, xc);
    float r = fmaf(power, MINUS_LN2_LOW, rh);
    float p = fmaf(fmaf(fmaf(fmaf(Q4, r, Q3), r, Q2), r, Q1), r, Q0);
    float q = fmaf(fmaf(p, r, 1), r, 1);
    float e = x < lowest ? 0 : q * bits_float(float_bits(k) << 23);
    e = c == target ? 0 : e;
    if (classes < WIDE) {
      in_order += e;
    } else {
      slots[c % SLOTS] += e;
    }
    if (call->logits_gradient.present) {
      d->logits_gradient[at(&call->logits_gradient, n, c) + i] = e;
    }
  }
  double others = classes < WIDE ? in_order : slot_sum(slots);

  double z = target < 0 ? 0 : ((double)d->logits[start + target * stride] - shift) - exponent_offset * LN2;
  double zc = z < LOWEST_TARGET ? LOWEST_TARGET : z;
  double e = row_exp(-zc);
  double ratio = others * e;
  double loss = row_log1p(ratio) + (zc - z);
  double factor = scale * (e / (ratio + 1));

  if (call->logits_gradient.present) {
    float unit = unit_of(scale);
    float high = high_of(factor / unit);
    float low = low_of(factor / unit);
    for (int64_t c = 0; c < classes; c++) {
      float *gradient = d->logits_gradient + at(&call->logits_gradient, n, c) + i;
      float scaled = *gradient * unit;
      *gradient = fmaf(scaled, high, scaled * low);
    }
    if (target >= 0) {
      d->logits_gradient[at(&call->logits_gradient, n, target) + i] = (float)-(others * factor);
    }
  }
  return loss;
}

/* The share of a class: its weight times its probability, smoothed. */
static inline double share(const data *d, int64_t n, int64_t i, int64_t c, int64_t target) {
  const lanewise_cross_entropy_call *call = d->call;
  double weight = call->class_weight.present ? d->class_weight[call->class_weight.offset + c] : 1;
  double probability = call->probabilities.present ? d->probabilities[at(&call->probabilities, n, c) + i] : c == target;
  if (call->label_smoothing > 0) {
    probability = (1 - call->label_smoothing) * probability + call->label_smoothing / (double)call->classes;
  }
  return weight * probability;
}

/* The exponential of a class in a row whose largest logit is class k's; 0 for that class. */
static inline double mixed_exponential(int64_t c, int64_t k, double distance) {
  return c == k || distance > 700 ? 0 : row_exp(-distance);
}

/* The loss of a row whose target is spread over the classes: plain float64 sums, so not the bits of the Java kernels, which
   add pairs of doubles. */
static double mixed_row(const data *d, int64_t n, int64_t i, int64_t target, double scale) {
  const lanewise_cross_entropy_call *call = d->call;
  int64_t classes = call->classes;
  if (classes == 0) {
    return 0;
  }
  int64_t k = -1;
  float max = -INFINITY;
  int nan = 0;
  for (int64_t c = 0; c < classes; c++) {
    float x = d->logits[at(&call->logits, n, c) + i];
    nan |= x != x;
    if (x > max) {
      max = x;
      k = c;
    }
  }
  if (nan || k < 0 || max == INFINITY) {
    fill(&call->logits_gradient, d->logits_gradient, classes, n, i, NAN);
    fill(&call->target_gradient, d->target_gradient, classes, n, i, NAN);
    return NAN;
  }

  double slots[3][SLOTS] = {{0}};
  for (int64_t c = 0; c < classes; c++) {
    double distance = (double)max - d->logits[at(&call->logits, n, c) + i];
    double of_class = share(d, n, i, c, target);
    slots[0][c % SLOTS] += mixed_exponential(c, k, distance);
    slots[1][c % SLOTS] += of_class * distance;
    slots[2][c % SLOTS] += c == k ? 0 : of_class;
  }
  double sum = slot_sum(slots[0]);
  double other_shares = slot_sum(slots[2]);
  double shares = other_shares + share(d, n, i, k, target);
  double log = row_log1p(sum);

  double per_unit = shares / (1 + sum);
  for (int64_t c = 0; c < classes && call->logits_gradient.present; c++) {
    double distance = (double)max - d->logits[at(&call->logits, n, c) + i];
    double gradient = c == k ? other_shares - sum * per_unit
                             : mixed_exponential(c, k, distance) * per_unit - share(d, n, i, c, target);
    d->logits_gradient[at(&call->logits_gradient, n, c) + i] = (float)(scale * gradient);
  }
  for (int64_t c = 0; c < classes && call->target_gradient.present; c++) {
    double distance = (double)max - d->logits[at(&call->logits, n, c) + i];
    double weight = call->class_weight.present ? d->class_weight[call->class_weight.offset + c] : 1;
    d->target_gradient[at(&call->target_gradient, n, c) + i] =
        (float)(scale * (1 - call->label_smoothing) * weight * (distance + log));
  }
  return slot_sum(slots[1]) + shares * log + 0.0; /* + 0.0 makes a -0 a +0 */
}

/* ---- the call ---- */

/* One batch of rows. */
typedef struct batch {
  int64_t n[BATCH];
  int64_t i[BATCH];
  int64_t target[BATCH]; /* -1: ignored */
  int inside[BATCH];     /* the window */
  double weight[BATCH];
  double scale[BATCH];
  double others[BATCH];
  double z[BATCH];
  double loss[BATCH];
  double factor[BATCH];
  float unit[BATCH];
  float high[BATCH];
  float low[BATCH];
  float at_target[BATCH]; /* the gradient there */
} batch;

static void epilogues(batch *b, int gradients) {
  for (int r = 0; r < BATCH; r++) {
    double z = b->z[r];
    double e = row_exp(-z);
    double ratio = b->others[r] * e;
    b->loss[r] = row_log1p(ratio) + (z - z);
    b->factor[r] = b->scale[r] * (e / (ratio + 1));
  }
  for (int r = 0; gradients && r < BATCH; r++) {
    double unit = unit_of(b->scale[r]);
    double factor = b->factor[r] / unit;
    b->unit[r] = (float)unit;
    b->high[r] = high_of(factor);
    b->low[r] = low_of(factor);
    b->at_target[r] = (float)-(b->others[r] * b->factor[r]);
  }
}

static void window_rows(const data *d, batch *b, int rows, double *exponentials) {
  const lanewise_cross_entropy_call *call = d->call;
  int64_t classes = call->classes;
  int gradients = call->logits_gradient.present != 0;
  const float *x[BATCH] = {0};
  float *g[BATCH] = {0};
  for (int r = 0; r < rows; r++) {
    x[r] = d->logits + at(&call->logits, b->n[r], 0) + b->i[r];
    g[r] = gradients ? d->logits_gradient + at(&call->logits_gradient, b->n[r], 0) + b->i[r] : NULL;
    b->z[r] = b->target[r] < 0 ? 0 : x[r][b->target[r]];
  }

  if (classes >= WIDE) {
    for (int r = 0; r < rows; r++) {
      b->others[r] = wide_row(x[r], classes, b->target[r], g[r], &b->inside[r]);
    }
  } else {
    int neighbours = call->inner == 1 && call->logits.row_stride == classes;
    int together = neighbours && narrow_exponentials(x[0], rows * classes, exponentials);
    for (int r = 0; r < rows; r++) {
      b->inside[r] = together || narrow_exponentials(x[r], classes, exponentials + r * classes);
    }
    for (int r = 0; r < rows; r += 8) {
      const double *eight[8];
      for (int j = 0; j < 8; j++) {
        int row = r + j < rows ? r + j : r;
        eight[j] = exponentials + row * classes;
        if (b->target[row] >= 0) {
          exponentials[row * classes + b->target[row]] = 0;
        }
      }
      sums_in_order(eight, classes, b->others + r);
    }
  }

  epilogues(b, gradients);
  for (int r = 0; r < rows; r++) {
    if (!b->inside[r]) {
      b->loss[r] = plain_row(d, b->n[r], b->i[r], b->target[r], b->scale[r]);
    } else if (gradients) {
      if (classes >= WIDE) {
        scale_wide(g[r], classes, b->unit[r], b->high[r], b->low[r]);
      } else {
        scale_narrow(exponentials + r * classes, g[r], classes, b->unit[r], b->high[r], b->low[r]);
      }
      if (b->target[r] >= 0) {
        g[r][b->target[r]] = b->at_target[r];
      }
    }
  }
}

int lanewise_cross_entropy_f32(
    lanewise_cross_entropy_call *call, const float *logits, const int64_t *target, const float *probabilities,
    const float *class_weight, const float *upstream, float *loss, float *logits_gradient, float *target_gradient) {
  if (call->size < (int64_t)sizeof *call || call->version < 1) {
    return LANEWISE_BAD_CALL;
  }
  data d = {call, logits, target, probabilities, class_weight, upstream, loss, logits_gradient, target_gradient};
  int mixed = call->probabilities.present || call->label_smoothing > 0;
  int neighbours = call->logits.column_stride == 1 && call->classes > 0 &&
                   (!call->logits_gradient.present || call->logits_gradient.column_stride == 1);
  double exponentials[BATCH * WIDE + LANES] __attribute__((aligned(64)));
  double slots[SLOTS] = {0};
  double weight_sum = 0;
  int64_t rows = call->outer * call->inner;
  int64_t n = 0;
  int64_t i = 0;
  batch b;
  memset(&b, 0, sizeof b);
  for (int64_t row = 0; row < rows; row += BATCH) {
    int length = rows - row < BATCH ? (int)(rows - row) : BATCH;
    for (int r = 0; r < length; r++) {
      int64_t index = call->target.present ? target[at(&call->target, n, i)] : 0;
      int ignored = call->target.present && index == call->ignore_index;
      double weight = ignored                                                   ? 0
                      : !call->class_weight.present || !call->target.present ? 1
                                                                                : class_weight[call->class_weight.offset + index];
      double u = call->upstream.present ? upstream[at(&call->upstream, n, i)] : 1;
      double scale = ignored ? 0 : call->gradient_scale * u;
      b.n[r] = n;
      b.i[r] = i;
      b.target[r] = ignored ? -1 : index;
      b.weight[r] = weight;
      b.scale[r] = mixed ? scale : scale * weight;
      if (++i == call->inner) {
        i = 0;
        n++;
      }
    }
    if (!mixed && neighbours) {
      window_rows(&d, &b, length, exponentials);
    }
    for (int r = 0; r < length; r++) {
      double of_row = mixed        ? mixed_row(&d, b.n[r], b.i[r], b.target[r], b.scale[r])
                      : neighbours ? b.weight[r] * b.loss[r]
                                   : b.weight[r] * plain_row(&d, b.n[r], b.i[r], b.target[r], b.scale[r]);
      float rounded = b.target[r] < 0 ? 0 : (float)of_row;
      if (call->loss.present) {
        loss[at(&call->loss, b.n[r], b.i[r])] = rounded;
      }
      slots[(row + r) % SLOTS] += rounded;
      weight_sum += b.weight[r];
    }
  }
  call->loss_sum = slot_sum(slots);
  call->weight_sum = weight_sum;
  return LANEWISE_OK;
}
