// What both operations share. The host puts the constants of BceMath (BCE_...) and CrossEntropyMath (CE_...) in front, and
// GROUP, the number of work items a group, a power of two.

#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF // a fused step is written as fma, every other one is rounded

// How far apart the rows and the columns of an operand lie; 0 broadcasts.
typedef struct {
  int row, column;
} Strides;

static int at(Strides strides, int row, int column) {
  return row * strides.row + column * strides.column;
}

// The sum over the work items of a group, by a fixed tree; every item gets it.
static double group_sum(double value, local double *slots) {
  int item = get_local_id(0);
  slots[item] = value;
  for (int distance = GROUP / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < distance) {
      slots[item] += slots[item + distance];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  double sum = slots[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

// Adds what the groups have left in partial, losses first, then weights; one group.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void finish_sums(int groups, global const double *partial, global double *sums) {
  local double slots[GROUP];
  for (int which = 0; which < 2; which++) {
    double sum = 0;
    for (int i = get_local_id(0); i < groups; i += GROUP) {
      sum += partial[which * groups + i];
    }
    sum = group_sum(sum, slots);
    if (get_local_id(0) == 0) {
      sums[which] = sum;
    }
  }
}

// RowMath.exp: e^x for -700 <= x <= 700, or NaN, within 2^-41.
static double row_exp(double x) {
  const double magic = 0x1.8p52;
  double k = x * 0x1.71547652b82fep0 + magic;
  double n = k - magic;
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
  return p * as_double((as_long(k) + 1023) << 52);
}

// RowMath.log1p: ln(1 + x) for finite x >= 0, or NaN.
static double row_log1p(double x) {
  double u = 1 + x;
  long bits = as_long(u);
  int q = (int) (bits >> 52) - 1023;
  double f = as_double((bits & 0x000FFFFFFFFFFFFFL) | 0x3FF0000000000000L);
  if (f > 0x1.6a09e667f3bcdp0) {
    f *= 0.5;
    q++;
  }
  double g = q == 0 ? x : f - 1;
  double s = g / (2 + g);
  double s2 = s * s;
  double s4 = s2 * s2;
  double even = fma(s4, fma(s4, fma(s4, 1.0 / 13, 1.0 / 9), 1.0 / 5), 1.0);
  double odd = fma(s4, fma(s4, fma(s4, 1.0 / 15, 1.0 / 11), 1.0 / 7), 1.0 / 3);
  double series = fma(s2, odd, even);
  return fma((double) q, 0x1.62e42fefa39efp-1, 2 * s * series) + (x - x);
}
