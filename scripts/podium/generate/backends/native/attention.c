/* Attention of one new position of many rows over a prompt that they share and over what follows it in each row, for
 * processors with AVX2. A row's numbers depend on its own query, keys and values alone: no other row, its place among
 * them or the thread that computes it changes a bit. Sums are float32, in an order
 * that only the number of positions decides.
 *
 * Keys and values are float32 or bfloat16, [heads][positions][width] for the prompt and the same for each row; queries
 * and results are float32, [rows][heads][queries][width]. `width` is a multiple of 8. Loaded with ctypes (kernels.py).
 */
#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define GROUP 4  /* queries that are computed together */
#define BLOCK 32 /* positions whose values are read several times in a row */
#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))

/* Keys or values of one head: `count` positions, one behind the other. */
struct part {
    const char *keys, *values;
    long count;
};

AVX2 INLINE __m256 load(const char *numbers, long place, int is_half)
{
    if (!is_half)
        return _mm256_loadu_ps((const float *)numbers + place);
    __m128i bits = _mm_loadu_si128((const __m128i *)((const uint16_t *)numbers + place));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

/* e^x for x <= 0, to about one unit in the last place; 0 below -87. Cephes' expf: Cody and Waite's reduction by
 * ln 2 in two parts, then a polynomial of degree 5 over [-ln 2 / 2, ln 2 / 2]. */
AVX2 INLINE __m256 exponential(__m256 x)
{
    __m256 is_tiny = _mm256_cmp_ps(x, _mm256_set1_ps(-87.0f), _CMP_LT_OQ);
    __m256 power = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    __m256 rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(0.693359375f), x);
    rest = _mm256_fnmadd_ps(power, _mm256_set1_ps(-2.12194440e-4f), rest);
    __m256 sum = _mm256_set1_ps(1.9875691500e-4f);
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.3981999507e-3f));
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(8.3334519073e-3f));
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(4.1665795894e-2f));
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(1.6666665459e-1f));
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(5.0000001201e-1f));
    sum = _mm256_fmadd_ps(sum, _mm256_mul_ps(rest, rest), _mm256_add_ps(rest, _mm256_set1_ps(1.0f)));
    __m256i scale = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(power), _mm256_set1_epi32(127)), 23);
    return _mm256_andnot_ps(is_tiny, _mm256_mul_ps(sum, _mm256_castsi256_ps(scale)));
}

/* Products of four queries [GROUP][width] with one key, as four partial sums each: [query 0..3], [query 0..3]. */
AVX2 INLINE __m256 products(const float *queries, const char *keys, long begin, long width, int is_half)
{
    __m256 sums[GROUP] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (long place = 0; place < width; place += 8) {
        __m256 key = load(keys, begin + place, is_half);
#pragma GCC unroll 4
        for (int query = 0; query < GROUP; query++)
            sums[query] = _mm256_fmadd_ps(_mm256_loadu_ps(queries + query * width + place), key, sums[query]);
    }
    return _mm256_hadd_ps(_mm256_hadd_ps(sums[0], sums[1]), _mm256_hadd_ps(sums[2], sums[3]));
}

/* scores [position][GROUP]; meanwhile the values, which are needed next, come into the first caches. */
AVX2 INLINE void score(const float *queries, const struct part *part, long width, int is_half, float *scores)
{
    long size = is_half ? 2 : 4;
    for (long position = 0; position < part->count; position++) {
        for (long ahead = 0; ahead < width * size; ahead += 64)
            _mm_prefetch(part->values + position * width * size + ahead, _MM_HINT_T0);
        __m256 halves = products(queries, part->keys, position * width, width, is_half);
        __m128 sums = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
        _mm_storeu_ps(scores + position * GROUP, sums);
    }
}

/* Scores become exponentials of their distance to the largest, each query's sum goes to `sums` [GROUP]. Two positions
 * are computed at once: behind an odd number there is room for one more. */
AVX2 INLINE void exponentials(float *scores, long count, float *sums)
{
    __m128 infinity = _mm_set1_ps(-__builtin_inff()), most = infinity;
    if (count % 2)
        _mm_storeu_ps(scores + count * GROUP, infinity);
    for (long position = 0; position < count; position++)
        most = _mm_max_ps(most, _mm_loadu_ps(scores + position * GROUP));
    __m256 both = _mm256_set_m128(most, most), sum = _mm256_setzero_ps();
    for (long position = 0; position < count; position += 2) {
        __m256 value = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + position * GROUP), both));
        _mm256_storeu_ps(scores + position * GROUP, value);
        sum = _mm256_add_ps(sum, value);
    }
    _mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1)));
}

/* Adds weighted values to 8 x `vectors` places of `totals` [GROUP][width]. */
AVX2 INLINE void weigh(const float *weights, const char *values, long count, long width, int vectors, int is_half,
                       float *totals)
{
    __m256 sums[GROUP][2];
#pragma GCC unroll 4
    for (int query = 0; query < GROUP; query++) {
        sums[query][0] = _mm256_loadu_ps(totals + query * width);
        sums[query][1] = vectors == 2 ? _mm256_loadu_ps(totals + query * width + 8) : sums[query][0];
    }
    for (long position = 0; position < count; position++) {
        __m256 low = load(values, position * width, is_half);
        __m256 high = vectors == 2 ? load(values, position * width + 8, is_half) : low;
#pragma GCC unroll 4
        for (int query = 0; query < GROUP; query++) {
            __m256 weight = _mm256_broadcast_ss(weights + position * GROUP + query);
            sums[query][0] = _mm256_fmadd_ps(weight, low, sums[query][0]);
            sums[query][1] = _mm256_fmadd_ps(weight, high, sums[query][1]);
        }
    }
#pragma GCC unroll 4
    for (int query = 0; query < GROUP; query++) {
        _mm256_storeu_ps(totals + query * width, sums[query][0]);
        if (vectors == 2)
            _mm256_storeu_ps(totals + query * width + 8, sums[query][1]);
    }
}

/* All places of the width, in blocks of positions that stay in the first cache. */
AVX2 INLINE void weigh_all(const float *weights, const char *values, long count, long width, int is_half, float *totals)
{
    long size = is_half ? 2 : 4;
    for (long begin = 0; begin < count; begin += BLOCK) {
        long block = count - begin < BLOCK ? count - begin : BLOCK, place = 0;
        const char *first = values + begin * width * size;
        for (; place + 16 <= width; place += 16)
            weigh(weights + begin * GROUP, first + place * size, block, width, 2, is_half, totals + place);
        if (place < width)
            weigh(weights + begin * GROUP, first + place * size, block, width, 1, is_half, totals + place);
    }
}

/* Up to GROUP queries of one row and key head; `queries` are scaled, [GROUP][width] as `totals`. */
AVX2 INLINE void attend(const float *queries, const struct part parts[2], long width, int is_half, long count,
                        float *totals, float *scores, float *results)
{
    float sums[GROUP], *own_scores = scores + parts[0].count * GROUP;
    score(queries, &parts[0], width, is_half, scores);
    score(queries, &parts[1], width, is_half, own_scores);
    exponentials(scores, parts[0].count + parts[1].count, sums);
    memset(totals, 0, GROUP * width * sizeof(float));
    weigh_all(scores, parts[0].values, parts[0].count, width, is_half, totals);
    weigh_all(own_scores, parts[1].values, parts[1].count, width, is_half, totals);
    for (long query = 0; query < count; query++)
        for (long place = 0; place < width; place++)
            results[query * width + place] = totals[query * width + place] / sums[query];
}

/* All rows from `begin` to before `end`. `row_stride` and `head_stride` are elements from row to row and from head to
 * head of `keys` and `values`; the prompt lies without gaps. `scratch` has room for GROUP x (2 width + positions
 * + 1) numbers, all positions together. */
AVX2 void podium_attend(const float *queries, const char *prompt_keys, const char *prompt_values, const char *keys,
                        const char *values, long prompt_positions, long positions, long heads, long group, long width,
                        long row_stride, long head_stride, long begin, long end, long is_half, float *scratch,
                        float *results)
{
    long size = is_half ? 2 : 4, prompt_stride = prompt_positions * width * size;
    float *scaled = scratch, *totals = scaled + GROUP * width, *scores = totals + GROUP * width;
    float scale = 1 / __builtin_sqrtf((float)width);
    for (long head = 0; head < heads; head++)
        for (long row = begin; row < end; row++) {
            long skipped = (row * row_stride + head * head_stride) * size;
            struct part parts[2] = {
                {prompt_keys + head * prompt_stride, prompt_values + head * prompt_stride, prompt_positions},
                {keys + skipped, values + skipped, positions},
            };
            for (long first = 0; first < group; first += GROUP) {
                long count = group - first < GROUP ? group - first : GROUP;
                long offset = ((row * heads + head) * group + first) * width;
                for (long place = 0; place < GROUP * width; place++)
                    scaled[place] = place < count * width ? queries[offset + place] * scale : 0;
                if (is_half)
                    attend(scaled, parts, width, 1, count, totals, scores, results + offset);
                else
                    attend(scaled, parts, width, 0, count, totals, scores, results + offset);
            }
        }
}

#endif
