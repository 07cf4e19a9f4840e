/* Linear layers of few rows on processors with AVX2 and no wider vectors: tiles of 6 rows x 16 outputs that stay in
 * registers over all inputs. Each output is one chain of fused multiply-adds in the order of its inputs, beginning with
 * its bias: its bits depend on its own row and weights alone, never on how many rows there are or which thread works.
 *
 * Weights come as panels of 16 outputs, [outputs / 16][inputs][16], float32 or bfloat16; rows as tiles of 6,
 * [rows / 6][inputs][6]; what is missing in the last panel or tile is zero. Loaded with ctypes (kernels.py).
 */
#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define ROWS 6
#define OUTPUTS 16
#define AVX2 __attribute__((target("avx2,fma")))

/* rows [count][inputs] -> tiles */
void podium_pack_rows(const float *rows, long count, long inputs, float *tiles)
{
    for (long begin = 0; begin < count; begin += ROWS, tiles += ROWS * inputs)
        for (long row = 0; row < ROWS; row++) {
            const float *source = rows + (begin + row) * inputs;
            for (long input = 0; input < inputs; input++)
                tiles[input * ROWS + row] = begin + row < count ? source[input] : 0;
        }
}

/* One tile: `output` is where its first row's 16 outputs begin, rows `stride` apart. */
AVX2 static void multiply_tile(const float *tile, const float *panel, const float *bias, long inputs, float *output,
                               long stride)
{
    __m256 low[ROWS], high[ROWS];
#pragma GCC unroll 6
    for (int row = 0; row < ROWS; row++) {
        low[row] = _mm256_loadu_ps(bias);
        high[row] = _mm256_loadu_ps(bias + 8);
    }
#pragma GCC unroll 8
    for (long input = 0; input < inputs; input++, tile += ROWS, panel += OUTPUTS) {
        __m256 low_weights = _mm256_loadu_ps(panel), high_weights = _mm256_loadu_ps(panel + 8);
#pragma GCC unroll 6
        for (int row = 0; row < ROWS; row++) {
            __m256 value = _mm256_broadcast_ss(tile + row);
            low[row] = _mm256_fmadd_ps(value, low_weights, low[row]);
            high[row] = _mm256_fmadd_ps(value, high_weights, high[row]);
        }
    }
#pragma GCC unroll 6
    for (int row = 0; row < ROWS; row++) {
        _mm256_storeu_ps(output + row * stride, low[row]);
        _mm256_storeu_ps(output + row * stride + 8, high[row]);
    }
}

AVX2 static void widen(const uint16_t *panel, long count, float *wide)
{
    for (long place = 0; place < count; place += 8) {
        __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(panel + place)));
        _mm256_storeu_ps(wide + place, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
    }
}

/* Outputs of the panels from `begin` to before `end` of all rows, into output [count][outputs].
 * `bias` has 16 numbers a panel; `wide` is room for one panel in float32 and NULL where they are in float32. */
AVX2 void podium_multiply(const float *tiles, const void *panels, const float *bias, long count, long inputs,
                          long outputs, long begin, long end, float *wide, float *output)
{
    float edge[ROWS * OUTPUTS];
    for (long number = begin; number < end; number++) {
        long size = inputs * OUTPUTS, first = number * OUTPUTS;
        long width = outputs - first < OUTPUTS ? outputs - first : OUTPUTS;
        const float *panel = wide ? wide : (const float *)panels + number * size;
        if (wide)
            widen((const uint16_t *)panels + number * size, size, wide);
        for (long row = 0; row < count; row += ROWS) {
            const float *tile = tiles + row * inputs;
            long height = count - row < ROWS ? count - row : ROWS;
            float *corner = output + row * outputs + first;
            if (height == ROWS && width == OUTPUTS) {
                multiply_tile(tile, panel, bias + first, inputs, corner, outputs);
                continue;
            }
            multiply_tile(tile, panel, bias + first, inputs, edge, OUTPUTS);
            for (long inner = 0; inner < height; inner++)
                memcpy(corner + inner * outputs, edge + inner * OUTPUTS, width * sizeof(float));
        }
    }
}

#endif
