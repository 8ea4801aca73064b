/* The few vector operations that the kernels need, for both instruction sets: LANES floats, and their halves as doubles. */
#ifndef SIMD_H
#define SIMD_H

#include <immintrin.h>
#include <stdint.h>

#if defined(__AVX512F__)

#define LANES 16
typedef __m512 vf;
typedef __m512d vd;
typedef __mmask16 vm;

static inline vf vf_all(float a) { return _mm512_set1_ps(a); }
static inline vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
static inline vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
/* a > b ? a : b, so b where one is NaN. */
static inline vf vf_larger(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vm vf_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
static inline vm vf_is_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
static inline vf vf_choose(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
static inline int vm_any(vm m) { return m != 0; }
static inline vf vf_abs(vf a) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32(INT32_MAX))); }
static inline vf vf_minus_abs(vf a) { return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(a), _mm512_set1_epi32(INT32_MIN))); }
static inline vf vf_bits_shl23(vf a) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 23)); }
/* The first n lanes; the others are 0 and their memory is not touched. */
static inline vm vm_first(int64_t n) { return (vm)((1u << n) - 1); }
static inline vf vf_load_first(const float *p, vm m) { return _mm512_maskz_loadu_ps(m, p); }
static inline void vf_store_first(float *p, vf a, vm m) { _mm512_mask_storeu_ps(p, m, a); }
static inline vd vd_zero(void) { return _mm512_setzero_pd(); }
static inline vd vd_add(vd a, vd b) { return _mm512_add_pd(a, b); }
static inline vd vd_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void vd_store(double *p, vd a) { _mm512_storeu_pd(p, a); }
static inline vd vd_low(vf a) { return _mm512_cvtps_pd(_mm512_castps512_ps256(a)); }
static inline vd vd_high(vf a) {
  return _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)));
}
static inline vf vf_of_doubles(const double *p) {
  __m256 low = _mm512_cvtpd_ps(_mm512_loadu_pd(p));
  __m256 high = _mm512_cvtpd_ps(_mm512_loadu_pd(p + 8));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

#elif defined(__AVX2__) && defined(__FMA__)

#define LANES 8
typedef __m256 vf;
typedef __m256d vd;
typedef __m256 vm;

static inline vf vf_all(float a) { return _mm256_set1_ps(a); }
static inline vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
static inline vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf vf_larger(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vm vf_gt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
static inline vm vf_is_nan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
static inline vf vf_choose(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }
static inline int vm_any(vm m) { return _mm256_movemask_ps(m) != 0; }
static inline vf vf_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf vf_minus_abs(vf a) { return _mm256_or_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf vf_bits_shl23(vf a) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a), 23)); }
static inline vm vm_first(int64_t n) {
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)));
}
static inline vf vf_load_first(const float *p, vm m) { return _mm256_maskload_ps(p, _mm256_castps_si256(m)); }
static inline void vf_store_first(float *p, vf a, vm m) { _mm256_maskstore_ps(p, _mm256_castps_si256(m), a); }
static inline vd vd_zero(void) { return _mm256_setzero_pd(); }
static inline vd vd_add(vd a, vd b) { return _mm256_add_pd(a, b); }
static inline vd vd_load(const double *p) { return _mm256_loadu_pd(p); }
static inline void vd_store(double *p, vd a) { _mm256_storeu_pd(p, a); }
static inline vd vd_low(vf a) { return _mm256_cvtps_pd(_mm256_castps256_ps128(a)); }
static inline vd vd_high(vf a) { return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)); }
static inline vf vf_of_doubles(const double *p) {
  return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(p + 4)), _mm256_cvtpd_ps(_mm256_loadu_pd(p)));
}

#else
#error "Compile with -mavx512f, or with -mavx2 and -mfma; build.sh does."
#endif

/* How many vectors make up the 32 slots of a sum. */
#define SLOTS 32
#define SLOT_VECTORS (SLOTS / LANES)

#endif
