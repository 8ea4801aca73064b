// Log-softmax cross-entropy. The host compiles this file twice: with WIDE 0 a work item takes a row, with WIDE 1 a group
// does, each item every GROUP-th class. The steps of rows with class indices are those of ScalarCrossEntropy, under the same
// names; CrossEntropyMath explains them. Where ordinary logits (all within the window) are wanted without a gradient, a row
// is read once; a gradient reads it a second time, from a cache as long as the row fits one.

#ifndef CROSS_ENTROPY
#define CROSS_ENTROPY

typedef struct {
  double scale;
  double smoothing;
  long ignore_index;
  int outer, classes, inner;
  int unused;
  Strides logits, target, probabilities, upstream, loss, logits_gradient, target_gradient;
} CrossEntropyCall;

// The power of two that exponentials are multiplied by, and the factor of the gradient divided by.
static float ce_unit(double scale) {
  double magnitude = fabs(scale);
  return magnitude < 1 ? CE_HEADROOM_UNSCALE : magnitude > CE_LARGE_SCALE ? CE_LARGE_UNIT : 1.0f;
}

static double ce_leading(double factor) {
  return as_double(as_long(factor) & CE_LEADING_BITS);
}

// e^x 2^-offset for a magic number less the offset; 0 for what lies below the lowest.
static float ce_exponential(float x, float magic, float lowest) {
  float xc = x < lowest ? lowest : x;
  float k = fma(xc, CE_LOG2_E, magic);
  float power = k - magic;
  float rh = fma(power, CE_MINUS_LN2_HIGH, xc);
  float r = fma(power, CE_MINUS_LN2_LOW, rh);
  float p = fma(fma(fma(fma(CE_Q4, r, CE_Q3), r, CE_Q2), r, CE_Q1), r, CE_Q0);
  float q = fma(fma(p, r, 1.0f), r, 1.0f);
  float s = as_float(as_uint(k) << 23);
  float e = q * s;
  return x < lowest ? 0 : e;
}

// e^d for d <= 0, or NaN.
static double ce_exp(double d) {
  return d < -700 ? 0 : row_exp(d);
}

// What the items of a group tell each other about a row.
typedef struct {
  float unit, high, low, of_target;
} Finish;

// The largest value, the largest magnitude and a sum, NaN passed over by the first two.
static void group_window(
    float *max, float *magnitude, double *sum, local float *maxima, local float *magnitudes, local double *sums) {
  int item = get_local_id(0);
  maxima[item] = *max;
  magnitudes[item] = *magnitude;
  sums[item] = *sum;
  for (int distance = GROUP / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < distance) {
      maxima[item] = fmax(maxima[item], maxima[item + distance]);
      magnitudes[item] = fmax(magnitudes[item], magnitudes[item + distance]);
      sums[item] += sums[item + distance];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  *max = maxima[0];
  *magnitude = magnitudes[0];
  *sum = sums[0];
  barrier(CLK_LOCAL_MEM_FENCE);
}

// The largest value, NaN passed over, and the first class that has it.
static void group_largest(float *max, int *largest, local float *maxima, local int *classes) {
  int item = get_local_id(0);
  maxima[item] = *max;
  classes[item] = *largest;
  for (int distance = GROUP / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < distance) {
      float other = maxima[item + distance];
      int other_class = classes[item + distance];
      if (other > maxima[item] || other == maxima[item] && other_class < classes[item]) {
        maxima[item] = other;
        classes[item] = other_class;
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  *max = maxima[0];
  *largest = classes[0];
  barrier(CLK_LOCAL_MEM_FENCE);
}

#endif

#undef KERNEL
#undef FIRST
#undef STEP
#undef FIRST_ROW
#undef ROW_STEP
#undef SHARED
#undef SHARE
#if WIDE
#define KERNEL(name) name##_wide
#define FIRST get_local_id(0)
#define STEP GROUP
#define FIRST_ROW get_group_id(0)
#define ROW_STEP get_num_groups(0)
#define SHARED local
#define SHARE barrier(CLK_LOCAL_MEM_FENCE)
#else
#define KERNEL(name) name##_narrow
#define FIRST 0
#define STEP 1
#define FIRST_ROW get_global_id(0)
#define ROW_STEP get_global_size(0)
#define SHARED
#define SHARE
#endif

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void KERNEL(cross_entropy_indices)(
    const CrossEntropyCall call,
    global const float *logits,
    global const long *target,
    global const float *probabilities,
    global const float *class_weight,
    global const float *upstream,
    global float *loss,
    global float *logits_gradient,
    global float *target_gradient,
    global double *partial) {
  local double slots[GROUP];
#if WIDE
  local float maxima[GROUP];
  local float magnitudes[GROUP];
#endif
  SHARED Finish finish;
  double loss_sum = 0;
  double weight_sum = 0;
  uint rows = (uint) call.outer * (uint) call.inner;
  for (uint row = FIRST_ROW; row < rows; row += ROW_STEP) {
    int n = row / (uint) call.inner;
    int i = row - (uint) n * (uint) call.inner;
    long index = target[at(call.target, n, i)];
    int t = index == call.ignore_index ? -1 : (int) index;
    bool ignored = t < 0;
    global const float *x = logits + n * call.logits.row + i;
    global float *gradient = logits_gradient ? logits_gradient + n * call.logits_gradient.row + i : 0;
    int stride = call.logits.column;
    int gradient_stride = call.logits_gradient.column;

    // The row as if it lay in the window.
    float max = -INFINITY;
    float magnitude = 0;
    double others = 0;
    for (int c = FIRST; c < call.classes; c += STEP) {
      float v = x[c * stride];
      max = v > max ? v : max;
      magnitude = fabs(v) > magnitude ? fabs(v) : magnitude;
      float e = ce_exponential(v, CE_MAGIC, -INFINITY);
      others += c == t ? 0.0f : e;
    }
#if WIDE
    group_window(&max, &magnitude, &others, maxima, magnitudes, slots);
#endif
    bool distribution = fabs(max) <= FLT_MAX; // no +inf, and something above -inf
    float shift = fabs(max) <= CE_LARGEST_UNSHIFTED ? 0 : max;
    float shifted_max = max - shift;
    bool in_window = magnitude <= CE_WINDOW;
    float offset = in_window ? 0 : (float) rint((double) shifted_max * 0x1.71547652b82fep0) - CE_HEADROOM;
    float magic = CE_MAGIC - offset;
    float lowest = in_window ? -INFINITY : shifted_max - CE_DEEPEST;
    if (!in_window && distribution) {
      others = 0;
      for (int c = FIRST; c < call.classes; c += STEP) {
        float e = ce_exponential(x[c * stride] - shift, magic, lowest);
        others += c == t ? 0.0f : e;
      }
#if WIDE
      others = group_sum(others, slots);
#endif
    }

    if (FIRST == 0) {
      double weight = ignored ? 0 : class_weight ? class_weight[t] : 1;
      double u = upstream ? upstream[at(call.upstream, n, i)] : 1;
      double scale = (ignored ? 0 : call.scale * u) * weight;
      double z = ignored ? 0 : ((double) x[t * stride] - shift) - offset * CE_LN2;
      double zc = z < CE_LOWEST_TARGET ? CE_LOWEST_TARGET : z;
      double e = row_exp(-zc);
      double ratio = others * e;
      double row_loss = row_log1p(ratio) + (zc - z);
      double factor = scale * (e / (ratio + 1));
      float unit = ce_unit(scale);
      double per_unit = factor / unit;
      double rest = per_unit - ce_leading(per_unit);
      finish.unit = unit;
      finish.high = (float) ce_leading(per_unit);
      finish.low = (float) copysign(rest == rest ? rest : 0, per_unit);
      finish.of_target = (float) -(others * factor);
      float rounded = ignored ? 0 : distribution ? (float) (weight * row_loss) : NAN;
      if (loss) {
        loss[at(call.loss, n, i)] = rounded;
      }
      loss_sum += rounded;
      weight_sum += weight;
    }
    SHARE;
    if (gradient) {
      float unit = finish.unit;
      float high = finish.high;
      float low = finish.low;
      for (int c = FIRST; c < call.classes; c += STEP) {
        float e = ce_exponential(x[c * stride] - shift, magic, lowest) * unit;
        float g = c == t ? finish.of_target : fma(e, high, e * low);
        gradient[c * gradient_stride] = distribution ? g : NAN;
      }
    }
    SHARE;
  }
  loss_sum = group_sum(loss_sum, slots);
  weight_sum = group_sum(weight_sum, slots);
  if (get_local_id(0) == 0) {
    partial[get_group_id(0)] = loss_sum;
    partial[get_num_groups(0) + get_group_id(0)] = weight_sum;
  }
}

// Rows whose target is spread over the classes: class probabilities, label smoothing, or both; in float64. With k the
// largest logit, d_c = x_c - x_k, Z the sum of e^d_c over c != k, a_c the share of class c and A their sum, the loss is
// A ln(1 + Z) - sum a_c d_c and the gradient A e^d_c / (1 + Z) - a_c; for k it is the sum of the other shares less
// A Z / (1 + Z), which does not cancel in a confident row.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void KERNEL(cross_entropy_spread)(
    const CrossEntropyCall call,
    global const float *logits,
    global const long *target,
    global const float *probabilities,
    global const float *class_weight,
    global const float *upstream,
    global float *loss,
    global float *logits_gradient,
    global float *target_gradient,
    global double *partial) {
  local double slots[GROUP];
#if WIDE
  local float maxima[GROUP];
  local int classes[GROUP];
#endif
  double loss_sum = 0;
  double weight_sum = 0;
  double kept = 1 - call.smoothing;
  double even = call.smoothing / call.classes;
  uint rows = (uint) call.outer * (uint) call.inner;
  for (uint row = FIRST_ROW; row < rows; row += ROW_STEP) {
    int n = row / (uint) call.inner;
    int i = row - (uint) n * (uint) call.inner;
    int t = -1;
    if (target) {
      long index = target[at(call.target, n, i)];
      t = index == call.ignore_index ? -1 : (int) index;
    }
    bool ignored = target && t < 0;
    global const float *x = logits + n * call.logits.row + i;
    global const float *p = probabilities ? probabilities + n * call.probabilities.row + i : 0;
    global float *gradient = logits_gradient ? logits_gradient + n * call.logits_gradient.row + i : 0;
    global float *slope = target_gradient ? target_gradient + n * call.target_gradient.row + i : 0;
    int stride = call.logits.column;

    float max = -INFINITY;
    int largest = INT_MAX;
    for (int c = FIRST; c < call.classes; c += STEP) {
      float v = x[c * stride];
      if (v > max) {
        max = v;
        largest = c;
      }
    }
#if WIDE
    group_largest(&max, &largest, maxima, classes);
#endif
    bool distribution = fabs(max) <= FLT_MAX;
    if (t >= 0 && x[t * stride] == max) {
      largest = t;
    }

#define SHARE_OF(c) ((kept * (p ? (double) p[(c) * call.probabilities.column] : (c) == t) + even) * (class_weight ? class_weight[c] : 1.0))
    double z = 0;
    double others = 0;
    double own = 0;
    double distances = 0;
    for (int c = FIRST; c < call.classes; c += STEP) {
      double d = (double) x[c * stride] - max;
      double a = SHARE_OF(c);
      if (c == largest) {
        own = a;
      } else {
        z += ce_exp(d);
        others += a;
        distances += a * d;
      }
    }
#if WIDE
    z = group_sum(z, slots);
    others = group_sum(others, slots);
    own = group_sum(own, slots);
    distances = group_sum(distances, slots);
#endif
    distribution = distribution && z == z;
    double all = others + own;
    double log = row_log1p(z);
    double u = upstream ? upstream[at(call.upstream, n, i)] : 1;
    double factor = ignored ? 0 : call.scale * u;
    if (FIRST == 0) {
      float rounded =
          ignored || call.classes == 0 ? 0 : distribution ? (float) (log * all - distances + 0.0) : NAN;
      if (loss) {
        loss[at(call.loss, n, i)] = rounded;
      }
      loss_sum += rounded;
      weight_sum += ignored ? 0 : class_weight && target ? class_weight[t] : 1;
    }
    if (gradient) {
      double per_unit = all / (z + 1);
      for (int c = FIRST; c < call.classes; c += STEP) {
        double d = (double) x[c * stride] - max;
        double difference = c == largest ? others - z * per_unit : ce_exp(d) * per_unit - SHARE_OF(c);
        gradient[c * call.logits_gradient.column] = !distribution ? NAN : ignored ? 0 : (float) (difference * factor);
      }
    }
    if (slope) {
      for (int c = FIRST; c < call.classes; c += STEP) {
        double d = (double) x[c * stride] - max;
        double weight = class_weight ? class_weight[c] : 1;
        slope[c * call.target_gradient.column] = distribution ? (float) ((log - d) * (factor * kept) * weight) : NAN;
      }
    }
#undef SHARE_OF
  }
  loss_sum = group_sum(loss_sum, slots);
  weight_sum = group_sum(weight_sum, slots);
  if (get_local_id(0) == 0) {
    partial[get_group_id(0)] = loss_sum;
    partial[get_num_groups(0) + get_group_id(0)] = weight_sum;
  }
}
