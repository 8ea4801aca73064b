/*
 * Float32 BCE with logits, with the bits of the Java kernel "scalar": every step has the name and the operations of the
 * same step in ScalarBceWithLogits.java, whose formulas are explained in BceMath.java. Unweighted contiguous operands go
 * through vectors, all others through plain C.
 */
#include "common.h"

#define LOWEST -156.0f
#define LOG2_E 0x1.715476p0f
#define MAGIC (12582912.0f + 483.0f)
#define MINUS_LN2_HIGH -0x1.62e4p-1f
#define MINUS_LN2_LOW -0x1.7f7d1cp-20f
#define HEADROOM 0x1p100f
#define HEADROOM_UNSCALE 0x1p-100f
#define Q0 0x1.fffffcp-2f
#define Q1 0x1.55548cp-3f
#define Q2 0x1.555858p-5f
#define Q3 0x1.123ddep-7f
#define Q4 0x1.6ac83p-10f
#define SPLIT 0.93f
#define S0 0x1.ffffaap-2f
#define S1 0x1.55444p-2f
#define S2 0x1.fdb54p-3f
#define S3 0x1.870be8p-3f
#define S4 0x1.0587eep-3f
#define S5 0x1.9a4718p-5f
#define DAMPING 0x1.832446p-1f
#define MINUS_LN2 -0x1.62e43p-1f
#define MINUS_LN2_TAIL 0x1.05c61p-29f
#define W0 -0x1.ffffeap-4f
#define W1 0x1.5546b8p-8f
#define W2 -0x1.68fa9ap-12f
#define W3 0x1.752548p-16f

/* Elements at a time, a multiple of SLOTS; few, so that the next are fetched meanwhile where they lie in memory. */
#define CHUNK 384

/* What quotients are multiplied by, as BceFactor.java has it. */
typedef struct factor {
  float high;
  float low;
  float last;
  float whole;
} factor;

static factor factor_of(double value) {
  int large = fabs(value) > 1;
  double parts = large ? value * HEADROOM_UNSCALE : value;
  factor f = {split_high(parts), split_low(parts), large ? 1 : HEADROOM_UNSCALE, (float)value};
  return f;
}

/* ---- vectors ---- */

/* The exponential of one vector: a1 + a2 = -2^100 e^-|x|. */
static inline void exponential(vf y, vf *a1, vf *a2) {
  vf yc = vf_larger(y, vf_all(LOWEST)); /* NaN too becomes LOWEST */
  vf k = vf_fma(yc, vf_all(LOG2_E), vf_all(MAGIC));
  vf n = vf_sub(k, vf_all(MAGIC));
  vf rh = vf_fma(n, vf_all(MINUS_LN2_HIGH), yc);
  vf r = vf_fma(n, vf_all(MINUS_LN2_LOW), rh);
  vf r2 = vf_mul(r, r);
  vf hi = vf_add(rh, vf_all(1));
  vf er = vf_add(vf_sub(vf_all(1), hi), rh);
  vf q = vf_fma(
      vf_fma(r2, vf_all(Q4), vf_fma(r, vf_all(Q3), vf_all(Q2))), r2, vf_fma(r, vf_all(Q1), vf_all(Q0)));
  vf lo = vf_fma(r2, q, vf_fma(n, vf_all(MINUS_LN2_LOW), er));
  vf th = vf_add(hi, lo);
  vf tl = vf_add(vf_sub(hi, th), lo);
  vf s = vf_bits_shl23(k);
  *a1 = vf_mul(th, s);
  *a2 = vf_mul(tl, s);
}

static inline vf vector_gradient(vf x, vf t, vf a1, vf a2, const factor *f) {
  vm positive = vf_gt(x, vf_all(0));
  vf bias = vf_choose(positive, vf_all(0), vf_all(1));
  vf v = vf_sub(t, bias);
  vf v_low = vf_sub(t, vf_add(v, bias)); /* what the rounding of v has lost */
  vf w = vf_fma(t, vf_all(-HEADROOM), vf_choose(positive, vf_all(HEADROOM), vf_all(0)));
  vf minus_z = vf_mul(a1, vf_all(HEADROOM_UNSCALE));
  vf numerator = vf_fma(v, a1, w);
  vf reciprocal = vf_div(vf_all(1), vf_fma(a1, vf_all(-HEADROOM_UNSCALE), vf_all(1)));
  vf quotient = vf_mul(numerator, reciprocal);
  vf residual = vf_fma(
      a2, vf_fma(quotient, vf_all(HEADROOM_UNSCALE), v),
      vf_fma(v_low, a1, vf_fma(quotient, minus_z, vf_sub(numerator, quotient))));
  vf correction = vf_mul(residual, reciprocal);
  vf gradient = vf_mul(
      vf_fma(quotient, vf_all(f->high), vf_fma(correction, vf_all(f->high), vf_mul(quotient, vf_all(f->low)))),
      vf_all(f->last));
  gradient = vf_choose(vf_is_nan(gradient), vf_mul(t, vf_all(-f->whole)), gradient); /* a target beyond the headroom */
  return vf_choose(vf_is_nan(x), x, gradient);
}

/* The loss, negated: the outer formula, or the inner one near 0. */
static inline vf vector_loss(vf x, vf t, vf y, vf a1, vf a2) {
  vf minus_z = vf_mul(a1, vf_all(HEADROOM_UNSCALE));
  vf p = vf_fma(
      vf_fma(
          vf_fma(vf_fma(vf_fma(vf_all(S5), minus_z, vf_all(S4)), minus_z, vf_all(S3)), minus_z, vf_all(S2)), minus_z,
          vf_all(S1)),
      minus_z, vf_all(S0));
  vf rest = vf_fma(a1, vf_fma(minus_z, p, vf_mul(a2, vf_all(DAMPING * HEADROOM_UNSCALE))), a2);
  vf minus_log1p = vf_mul(vf_add(rest, a1), vf_all(HEADROOM_UNSCALE));
  /* x - y is 0 for finite x < 0, NaN for -inf and NaN: PyTorch's results there, at no cost. */
  vf w = vf_choose(vf_gt(x, vf_all(0)), vf_sub(vf_all(1), t), vf_add(t, vf_sub(x, y)));
  vf outer = vf_fma(y, w, minus_log1p);

  vf square = vf_mul(x, x);
  vf c = vf_sub(t, vf_all(0.5f));
  vf h = vf_fma(x, c, vf_all(MINUS_LN2));
  vf e = vf_add(vf_fma(x, c, vf_sub(vf_all(MINUS_LN2), h)), vf_all(MINUS_LN2_TAIL));
  vf even = vf_fma(vf_fma(vf_fma(vf_all(W3), square, vf_all(W2)), square, vf_all(W1)), square, vf_all(W0));
  vf inner = vf_add(vf_fma(square, even, e), h);
  return vf_choose(vf_gt(y, vf_all(-SPLIT)), inner, outer);
}

/*
 * Elements [0, length), a multiple of SLOTS and at most CHUNK. Three short loops that pass the exponentials through the
 * L1 cache: in one long loop the chain of dependent operations fills the schedulers of the CPU, and they wait.
 */
static void vector_chunk(
    const float *logits, const float *target, int64_t length, const factor *f, float *loss, float *gradient,
    double *slots) {
  float a1s[CHUNK] __attribute__((aligned(64)));
  float a2s[CHUNK] __attribute__((aligned(64)));
#pragma GCC unroll 2
  for (int64_t i = 0; i < length; i += LANES) {
    vf a1, a2;
    exponential(vf_minus_abs(vf_load(logits + i)), &a1, &a2);
    vf_store(a1s + i, a1);
    vf_store(a2s + i, a2);
  }
  for (int64_t i = 0; gradient && i < length; i += LANES) {
    vf x = vf_load(logits + i);
    vf t = vf_load(target + i);
    vf_store(gradient + i, vector_gradient(x, t, vf_load(a1s + i), vf_load(a2s + i), f));
  }
  vd sums[2 * SLOT_VECTORS];
  for (int j = 0; j < 2 * SLOT_VECTORS; j++) {
    sums[j] = vd_load(slots + j * LANES / 2);
  }
  for (int64_t i = 0; i < length; i += SLOTS) {
#pragma GCC unroll 4
    for (int j = 0; j < SLOT_VECTORS; j++) {
      int64_t k = i + j * LANES;
      vf x = vf_load(logits + k);
      vf minus_loss = vector_loss(x, vf_load(target + k), vf_minus_abs(x), vf_load(a1s + k), vf_load(a2s + k));
      if (loss) {
        vf_store(loss + k, vf_sub(vf_all(0), minus_loss)); /* +0, never -0 */
      }
      sums[2 * j] = vd_add(sums[2 * j], vd_low(minus_loss));
      sums[2 * j + 1] = vd_add(sums[2 * j + 1], vd_high(minus_loss));
    }
  }
  for (int j = 0; j < 2 * SLOT_VECTORS; j++) {
    vd_store(slots + j * LANES / 2, sums[j]);
  }
}

/* Contiguous operands without weights; the sum of the losses. */
static double vector_bce(
    const float *logits, const float *target, int64_t length, const factor *f, float *loss, float *gradient) {
  double slots[SLOTS] = {0};
  int64_t whole = length / SLOTS * SLOTS;
  for (int64_t i = 0; i < whole; i += CHUNK) {
    vector_chunk(
        logits + i, target + i, whole - i < CHUNK ? whole - i : CHUNK, f, loss ? loss + i : NULL,
        gradient ? gradient + i : NULL, slots);
  }
  int64_t rest = length - whole;
  if (rest > 0) {
    float x[SLOTS], t[SLOTS] = {0}, l[SLOTS], g[SLOTS];
    for (int j = 0; j < SLOTS; j++) {
      x[j] = LOWEST; /* whose loss with target 0 is exactly 0 */
    }
    memcpy(x, logits + whole, rest * sizeof *x);
    memcpy(t, target + whole, rest * sizeof *t);
    vector_chunk(x, t, SLOTS, f, l, gradient ? g : NULL, slots);
    if (loss) {
      memcpy(loss + whole, l, rest * sizeof *l);
    }
    if (gradient) {
      memcpy(gradient + whole, g, rest * sizeof *g);
    }
  }
  return 0 - slot_sum(slots);
}

/* ---- plain C ---- */

static inline float gradient_of(float x, float t, float a1, float a2, const factor *f) {
  int positive = x > 0;
  float bias = positive ? 0 : 1;
  float v = t - bias;
  float v_low = t - (v + bias);
  float w = fmaf(t, -HEADROOM, positive ? HEADROOM : 0);
  float minus_z = a1 * HEADROOM_UNSCALE;
  float numerator = fmaf(v, a1, w);
  float reciprocal = 1 / fmaf(a1, -HEADROOM_UNSCALE, 1);
  float quotient = numerator * reciprocal;
  float residual = fmaf(
      a2, fmaf(quotient, HEADROOM_UNSCALE, v), fmaf(v_low, a1, fmaf(quotient, minus_z, numerator - quotient)));
  float correction = residual * reciprocal;
  float gradient = fmaf(quotient, f->high, fmaf(correction, f->high, quotient * f->low)) * f->last;
  gradient = gradient != gradient ? t * -f->whole : gradient;
  return x != x ? x : gradient;
}

/* With an upstream gradient: each element has a factor of its own. */
static inline float upstream_gradient(
    float x, float t, float u, float a1, float a2, float scale_high, float scale_low) {
  int positive = x > 0;
  float bias = positive ? 0 : 1;
  float v = t - bias;
  float v_low = t - (v + bias);
  float w = fmaf(t, -HEADROOM, positive ? HEADROOM : 0);
  float minus_z = a1 * HEADROOM_UNSCALE;
  float numerator = fmaf(v, a1, w);
  float reciprocal = 1 / fmaf(a1, -HEADROOM_UNSCALE, 1);
  float quotient = numerator * reciprocal;
  float residual = fmaf(
      a2, fmaf(quotient, HEADROOM_UNSCALE, v), fmaf(v_low, a1, fmaf(quotient, minus_z, numerator - quotient)));
  float correction = residual * reciprocal;
  float whole = u * scale_high;
  int large = fabsf(whole) > 1;
  float first = large ? HEADROOM_UNSCALE : 1;
  float last = large ? 1 : HEADROOM_UNSCALE;
  float factor_high = whole * first;
  float factor_low = u * scale_low * first;
  float gradient = fmaf(quotient, factor_high, fmaf(correction, factor_high, quotient * factor_low)) * last;
  gradient = gradient != gradient ? quotient * factor_high * last : gradient; /* an infinite factor */
  gradient = w - w != 0 ? (0 - t) * whole : gradient;                         /* a target beyond the headroom */
  return x != x ? x : gradient;
}

/* With weights, in float64. */
static inline float weighted_gradient(
    double x, double t, double u, double wt, double pw, int positives_weighted, double a1, double a2, double scale) {
  double minus_z = (a1 + a2) * HEADROOM_UNSCALE;
  int positive = x > 0;
  double q = pw * t;
  double negatives = 1 - t;
  double c = positives_weighted ? negatives + q : 1;
  double v = positive ? q : t - 1;
  double w = positive ? negatives : 0 - q;
  /* c - c is 0, or NaN as in PyTorch for an infinite pos_weight. */
  double quotient = fma(v, minus_z, w) / (1 - minus_z + (c - c));
  double factor = u * wt * scale;
  /* An infinite factor: a quotient that float32 rounds to 0 gives NaN, as in PyTorch. */
  quotient = factor - factor != 0 ? (float)quotient : quotient;
  return (float)(x != x ? x : quotient * factor);
}

static inline float outer_rest(float a1, float a2) {
  float minus_z = a1 * HEADROOM_UNSCALE;
  float p = fmaf(fmaf(fmaf(fmaf(fmaf(S5, minus_z, S4), minus_z, S3), minus_z, S2), minus_z, S1), minus_z, S0);
  return fmaf(a1, fmaf(minus_z, p, a2 * (DAMPING * HEADROOM_UNSCALE)), a2);
}

static inline float even(float square, float scale) {
  return fmaf(fmaf(fmaf(W3 * scale, square, W2 * scale), square, W1 * scale), square, W0 * scale);
}

static inline float loss_of(float x, float t, float a1, float a2) {
  float y = -fabsf(x);
  if (y > -SPLIT) {
    float square = x * x;
    float c = t - 0.5f;
    float h = fmaf(x, c, MINUS_LN2);
    float e = fmaf(x, c, MINUS_LN2 - h) + MINUS_LN2_TAIL;
    return fmaf(square, even(square, 1), e) + h;
  }
  float minus_log1p = (outer_rest(a1, a2) + a1) * HEADROOM_UNSCALE;
  float w = x > 0 ? 1 - t : t + (x - y);
  return fmaf(y, w, minus_log1p);
}

static inline float weighted_loss(
    float logit, double t, double wt, double pw, int positives_weighted, float a1, float a2) {
  /* m1 + m2 = -2^100 ln(1 + e^-|x|), by the outer formula, or the inner one near 0. */
  float high;
  float rest;
  if (-fabsf(logit) > -SPLIT) {
    float near = -fabsf(logit);
    float square = logit * logit;
    high = fmaf(near, -0.5f * HEADROOM, MINUS_LN2 * HEADROOM);
    float e = fmaf(near, -0.5f * HEADROOM, MINUS_LN2 * HEADROOM - high) + MINUS_LN2_TAIL * HEADROOM;
    rest = fmaf(square, even(square, HEADROOM), e);
  } else {
    high = a1;
    rest = outer_rest(a1, a2);
  }
  float m1 = rest + high;
  float m2 = (high - m1) + rest;

  double x = logit;
  double y = 0 - fabs(x);
  double q = pw * t;
  double negatives = 1 - t;
  double c = positives_weighted ? negatives + q : 1;
  double w = x > 0 ? negatives : q + (x - y);
  double logarithm = ((double)m1 + m2) * HEADROOM_UNSCALE;
  /* An infinite weight: a logarithm that float32 rounds to 0 gives NaN, as in PyTorch. */
  double weights = c * wt;
  logarithm = weights - weights != 0 ? (float)logarithm : logarithm;
  return (float)(fma(y, w, c * logarithm) * wt);
}

static inline float value(const lanewise_operand *operand, const float *data, int64_t row, int64_t column) {
  return operand->present ? data[at(operand, row, column)] : 1;
}

static void plain_bce(
    lanewise_bce_with_logits_call *call, const float *logits, const float *target, const float *weight,
    const float *pos_weight, const float *upstream, float *losses, float *logits_gradient) {
  double slots[SLOTS] = {0};
  int positives_weighted = call->pos_weight.present != 0;
  int weighted = call->weight.present || positives_weighted;
  int one_factor = !call->upstream.present && isfinite(call->gradient_scale);
  factor f = factor_of(one_factor ? call->gradient_scale : 0);
  float scale_high = split_high(call->gradient_scale);
  float scale_low = split_low(call->gradient_scale);
  int64_t element = 0;
  for (int64_t row = 0; row < call->rows; row++) {
    for (int64_t column = 0; column < call->columns; column++, element++) {
      float x = logits[at(&call->logits, row, column)];
      float t = target[at(&call->target, row, column)];
      float y = -fabsf(x);

      float yc = y >= LOWEST ? y : LOWEST;
      float k = fmaf(yc, LOG2_E, MAGIC);
      float n = k - MAGIC;
      float rh = fmaf(n, MINUS_LN2_HIGH, yc);
      float r = fmaf(n, MINUS_LN2_LOW, rh);
      float r2 = r * r;
      float hi = rh + 1;
      float er = (1 - hi) + rh;
      float q = fmaf(fmaf(r2, Q4, fmaf(r, Q3, Q2)), r2, fmaf(r, Q1, Q0));
      float lo = fmaf(r2, q, fmaf(n, MINUS_LN2_LOW, er));
      float th = hi + lo;
      float tl = (hi - th) + lo;
      float s = bits_float(float_bits(k) << 23);
      float a1 = th * s;
      float a2 = tl * s;

      float wt = value(&call->weight, weight, row, column);
      float pw = value(&call->pos_weight, pos_weight, row, column);
      if (call->logits_gradient.present) {
        float u = value(&call->upstream, upstream, row, column);
        logits_gradient[at(&call->logits_gradient, row, column)] =
            weighted ? weighted_gradient(x, t, u, wt, pw, positives_weighted, a1, a2, call->gradient_scale)
            : one_factor ? gradient_of(x, t, a1, a2, &f)
                         : upstream_gradient(x, t, u, a1, a2, scale_high, scale_low);
      }
      float minus_loss =
          weighted ? weighted_loss(x, t, wt, pw, positives_weighted, a1, a2) : loss_of(x, t, a1, a2);
      if (call->loss.present) {
        losses[at(&call->loss, row, column)] = 0 - minus_loss;
      }
      slots[element % SLOTS] += minus_loss;
    }
  }
  call->loss_sum = 0 - slot_sum(slots);
}

/* Of the target: -x, or with a positive-class weight pos_weight ln(1 + e^-x) - ln(1 + e^x). */
static void target_gradients(
    const lanewise_bce_with_logits_call *call, const float *logits, const float *weight, const float *pos_weight,
    const float *upstream, float *target_gradient) {
  for (int64_t row = 0; row < call->rows; row++) {
    for (int64_t column = 0; column < call->columns; column++) {
      double x = logits[at(&call->logits, row, column)];
      double factor = call->gradient_scale;
      if (call->upstream.present) {
        factor *= upstream[at(&call->upstream, row, column)];
      }
      if (call->weight.present) {
        factor *= weight[at(&call->weight, row, column)];
      }
      double slope = -x;
      if (call->pos_weight.present) {
        double pw = pos_weight[at(&call->pos_weight, row, column)];
        double log = log1p(exp(-fabs(x)));
        if (isinf(pw) && log <= 0x1p-150) {
          log = 0;
        }
        slope = pw * ((x < 0 ? -x : 0) + log) - ((x > 0 ? x : 0) + log);
      }
      target_gradient[at(&call->target_gradient, row, column)] = (float)(slope * factor);
    }
  }
}

/* ---- the call ---- */

int lanewise_bce_with_logits_f32(
    lanewise_bce_with_logits_call *call, const float *logits, const float *target, const float *weight,
    const float *pos_weight, const float *upstream, float *loss, float *logits_gradient, float *target_gradient) {
  if (call->size < (int64_t)sizeof *call || call->version < 1) {
    return LANEWISE_BAD_CALL;
  }
  int64_t rows = call->rows;
  int64_t columns = call->columns;
  int64_t length = rows * columns;
  int simple = !call->weight.present && !call->pos_weight.present &&
               (!call->logits_gradient.present || (!call->upstream.present && isfinite(call->gradient_scale))) &&
               is_contiguous(&call->logits, rows, columns) && is_contiguous(&call->target, rows, columns) &&
               (!call->loss.present || is_contiguous(&call->loss, rows, columns)) &&
               (!call->logits_gradient.present || is_contiguous(&call->logits_gradient, rows, columns));
  if (!simple) {
    plain_bce(call, logits, target, weight, pos_weight, upstream, loss, logits_gradient);
  } else {
    factor f = factor_of(call->logits_gradient.present ? call->gradient_scale : 0);
    const float *x = logits + call->logits.offset;
    const float *t = target + call->target.offset;
    float *l = call->loss.present ? loss + call->loss.offset : NULL;
    float *g = call->logits_gradient.present ? logits_gradient + call->logits_gradient.offset : NULL;
    call->loss_sum = vector_bce(x, t, length, &f, l, g);
  }
  if (call->target_gradient.present) {
    target_gradients(call, logits, weight, pos_weight, upstream, target_gradient);
  }
  return LANEWISE_OK;
}
