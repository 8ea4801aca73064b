/* Small functions of both kernels, with the bits of their Java twins: SlotSum, SplitDouble. */
#ifndef COMMON_H
#define COMMON_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "lanewise_kernel.h"
#include "simd.h"

static inline uint32_t float_bits(float a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline float bits_float(uint32_t bits) {
  float a;
  memcpy(&a, &bits, sizeof a);
  return a;
}

static inline uint64_t double_bits(double a) {
  uint64_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}

static inline double bits_double(uint64_t bits) {
  double a;
  memcpy(&a, &bits, sizeof a);
  return a;
}

/* The index of an element. */
static inline int64_t at(const lanewise_operand *operand, int64_t row, int64_t column) {
  return operand->offset + row * operand->row_stride + column * operand->column_stride;
}

static inline int is_contiguous(const lanewise_operand *operand, int64_t rows, int64_t columns) {
  return (operand->column_stride == 1 || columns <= 1) && (operand->row_stride == columns || rows <= 1);
}

static inline double slot_eighth(const double *slots, int j) {
  return (slots[j] + slots[j + 16]) + (slots[j + 8] + slots[j + 24]);
}

/* The sum of 32 slots by a fixed binary tree. */
static inline double slot_sum(const double *slots) {
  double s0 = slot_eighth(slots, 0) + slot_eighth(slots, 4);
  double s1 = slot_eighth(slots, 1) + slot_eighth(slots, 5);
  double s2 = slot_eighth(slots, 2) + slot_eighth(slots, 6);
  double s3 = slot_eighth(slots, 3) + slot_eighth(slots, 7);
  return (s0 + s2) + (s1 + s3);
}

/* A double as the sum of two floats of one sign: the part rounded toward zero, and the rest. */
static inline float split_high(double value) {
  float nearest = (float)value;
  return fabs((double)nearest) <= fabs(value) || nearest != nearest ? nearest : bits_float(float_bits(nearest) - 1);
}

static inline float split_low(double value) {
  float rest = (float)(value - split_high(value));
  return rest != rest ? 0 : copysignf(rest, (float)value);
}

#endif
