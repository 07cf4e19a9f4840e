/* Linear layers of few rows on processors with AVX2 and no wider vectors: tiles of 6 rows x 16 outputs that stay in
 * registers over a block of inputs. Each output is one chain of fused multiply-adds in the order of its inputs,
 * beginning with its bias: its bits depend on its own row and weights alone, never on how many rows there are or which
 * thread works.
 *
 * Weights come as panels of 16 outputs, [outputs / 16][inputs][16], float32 or bfloat16; rows in blocks of inputs as
 * tiles of 6, [inputs / 192][rows / 6][192][6]; what is missing in the last panel or tile is zero. Loaded with ctypes
 * (kernels.py).
 */
#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define ROWS 6
#define OUTPUTS 16
#define AVX2 __attribute__((target("avx2,fma")))
/* A block of a panel stays in the first cache, a block of all rows and the sums of some panels in the second. */
#define DEPTH 192
#define PANELS 8
#define LINE 64

static inline long least(long one, long other)
{
    return one < other ? one : other;
}

/* rows [count][inputs] -> tiles */
void podium_pack_rows(const float *rows, long count, long inputs, float *tiles)
{
    for (long first = 0; first < inputs; first += DEPTH) {
        long depth = least(inputs - first, DEPTH);
        for (long begin = 0; begin < count; begin += ROWS, tiles += ROWS * depth) {
            const float *source[ROWS];
            long height = least(count - begin, ROWS);
            for (long row = 0; row < ROWS; row++)
                source[row] = rows + (begin + least(row, height - 1)) * inputs + first;
            for (long input = 0; input < depth; input++)
#pragma GCC unroll 6
                for (long row = 0; row < ROWS; row++)
                    tiles[input * ROWS + row] = row < height ? source[row][input] : 0;
        }
    }
}

/* One tile: its sums go on from `from` and to `to`, where rows lie as far apart as told. Inlined, it is slower. */
AVX2 __attribute__((noinline)) static void multiply_tile(const float *tile, const float *panel, long depth,
                                                         const float *from, long from_stride, float *to, long to_stride)
{
    __m256 low[ROWS], high[ROWS];
#pragma GCC unroll 6
    for (int row = 0; row < ROWS; row++) {
        low[row] = _mm256_loadu_ps(from + row * from_stride);
        high[row] = _mm256_loadu_ps(from + row * from_stride + 8);
    }
#pragma GCC unroll 8
    for (long input = 0; input < depth; input++, tile += ROWS, panel += OUTPUTS) {
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
        _mm256_storeu_ps(to + row * to_stride, low[row]);
        _mm256_storeu_ps(to + row * to_stride + 8, high[row]);
    }
}

AVX2 static void widen(const uint16_t *panel, long count, float *wide)
{
    for (long place = 0; place < count; place += 8) {
        __m256i bits = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(panel + place)));
        _mm256_storeu_ps(wide + place, _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16)));
    }
}

/* One block of one panel with all rows, while the `ahead` bytes at `next` are fetched, some beside each tile.
 * `sums` has a tile for each tile of rows; the first block begins with the bias, the last goes to `output`. */
AVX2 static void multiply_block(const float *tiles, const float *panel, long depth, long count, const float *bias,
                                float *sums, float *output, long outputs, long width, const char *next, long ahead)
{
    float edge[ROWS * OUTPUTS];
    long share = ahead / ((count + ROWS - 1) / ROWS) + LINE;
    for (long row = 0; row < count; row += ROWS, tiles += ROWS * depth, sums += ROWS * OUTPUTS) {
        long height = least(count - row, ROWS);
        int is_edge = output && (height < ROWS || width < OUTPUTS);
        float *to = is_edge ? edge : output ? output + row * outputs : sums;
        for (const char *stop = next + least(share, ahead); next < stop; next += LINE, ahead -= LINE)
            _mm_prefetch(next, _MM_HINT_T1);
        multiply_tile(tiles, panel, depth, bias ? bias : sums, bias ? 0 : OUTPUTS, to,
                      output && !is_edge ? outputs : OUTPUTS);
        for (long inner = 0; is_edge && inner < height; inner++)
            memcpy(output + (row + inner) * outputs, edge + inner * OUTPUTS, width * sizeof(float));
    }
}

/* Numbers of scratch memory for `podium_multiply`: a block of a panel, and the sums of some panels. */
long podium_multiply_room(long count)
{
    return (DEPTH + PANELS * (count + ROWS - 1)) * OUTPUTS;
}

/* Outputs of the panels from `begin` to before `end` of all rows, into output [count][outputs].
 * `bias` has 16 numbers a panel. */
AVX2 void podium_multiply(const float *tiles, const void *panels, const float *bias, long count, long inputs,
                          long outputs, long begin, long end, long is_half, float *scratch, float *output)
{
    long size = is_half ? sizeof(uint16_t) : sizeof(float), panel_bytes = inputs * OUTPUTS * size;
    long whole = (count + ROWS - 1) / ROWS * ROWS;
    float *wide = scratch, *sums = scratch + DEPTH * OUTPUTS;
    for (long group = begin; group < end; group += PANELS) {
        long stop = least(group + PANELS, end);
        for (long input = 0; input < inputs; input += DEPTH) {
            long depth = least(inputs - input, DEPTH), is_last = input + depth == inputs;
            for (long number = group; number < stop; number++) {
                const char *block = (const char *)panels + number * panel_bytes + input * OUTPUTS * size;
                /* The next panel's block; after a group's last its next blocks, or the next group. */
                const char *next = number + 1 < stop ? block + panel_bytes
                                   : is_last         ? (const char *)panels + stop * panel_bytes
                                                     : block + depth * OUTPUTS * size - (stop - 1 - group) * panel_bytes;
                long ahead = is_last && number + 1 == end ? 0 : depth * OUTPUTS * size;
                long first = number * OUTPUTS;
                if (is_half)
                    widen((const uint16_t *)block, depth * OUTPUTS, wide);
                multiply_block(tiles + input * whole, is_half ? wide : (const float *)block, depth, count,
                               input ? NULL : bias + first, sums + (number - group) * whole * OUTPUTS,
                               is_last ? output + first : NULL, outputs, least(outputs - first, OUTPUTS), next, ahead);
            }
        }
    }
}

#endif
