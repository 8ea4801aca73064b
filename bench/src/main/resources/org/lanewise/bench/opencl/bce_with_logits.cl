// Sigmoid-BCE, one element a step of a work item. The steps are those of ScalarBceWithLogits, under the same names; BceMath
// explains them. The host compiles this file twice, with WEIGHTED 0 and 1: what the float64 of weights needs in registers
// would leave room for fewer work items where there are none.

#ifndef BCE_WITH_LOGITS
#define BCE_WITH_LOGITS

typedef struct {
  double scale;
  float scale_high, scale_low; // the scale, split
  int rows, columns;
  int flat; // whether logits, target, upstream and outputs lie as one long row
  int unused;
  Strides logits, target, weight, pos_weight, upstream, loss, logits_gradient, target_gradient;
} BceCall;

// The gradient: a quotient, corrected once, times a factor of two parts.
static float bce_gradient(float x, float t, float u, float a1, float a2, float scale_high, float scale_low) {
  bool positive = x > 0;
  float bias = positive ? 0 : 1;
  float v = t - bias;
  float v_low = t - (v + bias);
  float w = fma(t, -BCE_HEADROOM, positive ? BCE_HEADROOM : 0.0f);
  float minus_z = a1 * BCE_HEADROOM_UNSCALE;
  float numerator = fma(v, a1, w);
  float reciprocal = 1 / fma(a1, -BCE_HEADROOM_UNSCALE, 1.0f);
  float quotient = numerator * reciprocal;
  float residual =
      fma(a2,
          fma(quotient, BCE_HEADROOM_UNSCALE, v),
          fma(v_low, a1, fma(quotient, minus_z, numerator - quotient)));
  float correction = residual * reciprocal;
  float whole = u * scale_high;
  bool large = fabs(whole) > 1;
  float first = large ? BCE_HEADROOM_UNSCALE : 1.0f;
  float last = large ? 1.0f : BCE_HEADROOM_UNSCALE;
  float factor_high = whole * first;
  float factor_low = u * scale_low * first;
  float gradient = fma(quotient, factor_high, fma(correction, factor_high, quotient * factor_low)) * last;
  gradient = gradient != gradient ? quotient * factor_high * last : gradient; // an infinite factor
  gradient = w - w != 0 ? (0 - t) * whole : gradient; // a target beyond the headroom
  return x != x ? x : gradient;
}

// The gradient with weights, in float64.
static float bce_weighted_gradient(
    double x, double t, double u, double wt, double pw, bool positives_weighted, double a1, double a2, double scale) {
  double minus_z = (a1 + a2) * BCE_HEADROOM_UNSCALE;
  bool positive = x > 0;
  double q = pw * t;
  double negatives = 1 - t;
  double c = positives_weighted ? negatives + q : 1.0;
  double v = positive ? q : t - 1;
  double w = positive ? negatives : 0 - q;
  double quotient = fma(v, minus_z, w) / (1 - minus_z + (c - c));
  double factor = u * wt * scale;
  quotient = factor - factor != 0 ? (double) (float) quotient : quotient; // as PyTorch where the factor is infinite
  return (float) (x != x ? x : quotient * factor);
}

// The even part of the inner formula, (ln 2 - ln(2 cosh(x / 2))) / x^2, times a power of two.
static float bce_even(float square, float scale) {
  return fma(fma(fma(BCE_W3 * scale, square, BCE_W2 * scale), square, BCE_W1 * scale), square, BCE_W0 * scale);
}

// The outer formula: -2^HEADROOM ln(1 + z) - a1.
static float bce_outer_rest(float a1, float a2) {
  float minus_z = a1 * BCE_HEADROOM_UNSCALE;
  float p =
      fma(fma(fma(fma(fma(BCE_S5, minus_z, BCE_S4), minus_z, BCE_S3), minus_z, BCE_S2), minus_z, BCE_S1), minus_z, BCE_S0);
  return fma(a1, fma(minus_z, p, a2 * (BCE_DAMPING * BCE_HEADROOM_UNSCALE)), a2);
}

// The loss, negated: the outer formula, or the inner one near 0.
static float bce_minus_loss(float x, float t, float a1, float a2) {
  float y = -fabs(x);
  if (y > -BCE_SPLIT) {
    float square = x * x;
    float c = t - 0.5f;
    float h = fma(x, c, BCE_MINUS_LN2);
    float e = fma(x, c, BCE_MINUS_LN2 - h) + BCE_MINUS_LN2_TAIL;
    return fma(square, bce_even(square, 1), e) + h;
  }
  float minus_log1p = (bce_outer_rest(a1, a2) + a1) * BCE_HEADROOM_UNSCALE;
  float w = x > 0 ? 1 - t : t + (x - y); // x - y is 0, or NaN for -inf and NaN
  return fma(y, w, minus_log1p);
}

// The loss with weights, negated, in float64.
static float bce_weighted_minus_loss(
    float logit, double t, double wt, double pw, bool positives_weighted, float a1, float a2) {
  float high;
  float rest;
  if (-fabs(logit) > -BCE_SPLIT) {
    float near = -fabs(logit);
    float square = logit * logit;
    high = fma(near, -0.5f * BCE_HEADROOM, BCE_MINUS_LN2 * BCE_HEADROOM);
    float e = fma(near, -0.5f * BCE_HEADROOM, BCE_MINUS_LN2 * BCE_HEADROOM - high) + BCE_MINUS_LN2_TAIL * BCE_HEADROOM;
    rest = fma(square, bce_even(square, BCE_HEADROOM), e);
  } else {
    high = a1;
    rest = bce_outer_rest(a1, a2);
  }
  float m1 = rest + high;
  float m2 = (high - m1) + rest;

  double x = logit;
  double y = 0 - fabs(x);
  double q = pw * t;
  double negatives = 1 - t;
  double c = positives_weighted ? negatives + q : 1.0;
  double w = x > 0 ? negatives : q + (x - y);
  double logarithm = ((double) m1 + m2) * BCE_HEADROOM_UNSCALE;
  double weights = c * wt;
  logarithm = weights - weights != 0 ? (double) (float) logarithm : logarithm; // as PyTorch where the weight is infinite
  return (float) (fma(y, w, c * logarithm) * wt);
}

// The gradient with respect to the target: BceTargetGradient.
static float bce_target_gradient(double x, double u, double wt, double pw, bool positives_weighted, double scale) {
  double factor = scale * u * wt;
  double slope = -x;
  if (positives_weighted) {
    double magnitude = fabs(x);
    double log = magnitude > 700 ? 0 : row_log1p(row_exp(-magnitude));
    if (isinf(pw) && log <= 0x1p-150) {
      log = 0;
    }
    slope = pw * ((x < 0 ? -x : x != x ? x : 0) + log) - ((x > 0 ? x : x != x ? x : 0) + log);
  }
  return (float) (slope * factor);
}

#endif

#undef KERNEL
#if WEIGHTED
#define KERNEL(name) name##_weighted
#else
#define KERNEL(name) name##_plain
#endif

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void KERNEL(bce_with_logits)(
    const BceCall call,
    global const float *logits,
    global const float *target,
    global const float *weight,
    global const float *pos_weight,
    global const float *upstream,
    global float *loss,
    global float *logits_gradient,
    global float *target_gradient,
    global double *partial) {
  local double slots[GROUP];
  const bool weighted = WEIGHTED == 1;
  bool positives_weighted = weighted && pos_weight != 0;
  bool flat = !weighted && call.flat;
  double loss_sum = 0;
  uint count = (uint) call.rows * (uint) call.columns;
  for (uint element = get_global_id(0); element < count; element += get_global_size(0)) {
    int row = 0;
    int column = element;
    if (!flat) { // a division that a memory-bound kernel feels
      row = element / (uint) call.columns;
      column = element - (uint) row * (uint) call.columns;
    }
#define AT(operand) (flat ? column : at(call.operand, row, column))
    float x = logits[AT(logits)];
    float t = target[AT(target)];
    float u = upstream ? upstream[AT(upstream)] : 1;
    float wt = weighted && weight ? weight[AT(weight)] : 1;
    float pw = positives_weighted ? pos_weight[AT(pos_weight)] : 1;
    float y = -fabs(x);

    // Exponential: a1 + a2 = -2^HEADROOM e^-|x|.
    float yc = y >= BCE_LOWEST ? y : BCE_LOWEST; // NaN too becomes LOWEST
    float k = fma(yc, BCE_LOG2_E, BCE_MAGIC);
    float n = k - BCE_MAGIC;
    float rh = fma(n, BCE_MINUS_LN2_HIGH, yc);
    float r = fma(n, BCE_MINUS_LN2_LOW, rh);
    float r2 = r * r;
    float hi = rh + 1;
    float er = (1 - hi) + rh;
    float q = fma(fma(r2, BCE_Q4, fma(r, BCE_Q3, BCE_Q2)), r2, fma(r, BCE_Q1, BCE_Q0));
    float lo = fma(r2, q, fma(n, BCE_MINUS_LN2_LOW, er));
    float th = hi + lo;
    float tl = (hi - th) + lo;
    float s = as_float(as_uint(k) << 23);
    float a1 = th * s;
    float a2 = tl * s;

    if (logits_gradient) {
      logits_gradient[AT(logits_gradient)] =
          weighted
              ? bce_weighted_gradient(x, t, u, wt, pw, positives_weighted, a1, a2, call.scale)
              : bce_gradient(x, t, u, a1, a2, call.scale_high, call.scale_low);
    }
    if (target_gradient) {
      target_gradient[AT(target_gradient)] = bce_target_gradient(x, u, wt, pw, positives_weighted, call.scale);
    }
    float minus_loss =
        weighted
            ? bce_weighted_minus_loss(x, t, wt, pw, positives_weighted, a1, a2)
            : bce_minus_loss(x, t, a1, a2);
    if (loss) {
      loss[AT(loss)] = 0 - minus_loss; // +0, never -0
    }
    loss_sum += minus_loss;
#undef AT
  }
  loss_sum = group_sum(loss_sum, slots);
  if (get_local_id(0) == 0) {
    partial[get_group_id(0)] = 0 - loss_sum;
    partial[get_num_groups(0) + get_group_id(0)] = 0;
  }
}
