/* SPDX-License-Identifier: Apache-2.0
 *
 * viterbi.c - see viterbi.h.
 */
#include "viterbi.h"

#include <math.h>
#include <string.h>

enum { EDGES = 1 + 2 * TYPES };

/* Labels a name can end with, or begin with; outside is both. */
static const uint8_t ends[EDGES] = {0, 3, 4, 7, 8, 11, 12, 15, 16};
static const uint8_t begins[EDGES] = {0, 1, 4, 5, 8, 9, 12, 13, 16};

/* Four labels at once. */
typedef float lanes __attribute__((vector_size(16)));
typedef int32_t masks __attribute__((vector_size(16)));

enum { WIDE = 3 }; /* lanes for EDGES labels */

void viterbi_prepare(struct moves *m, const float *all)
{
    m->all = all;
    for (int k = 0; k < EDGES; k++)
        for (int y = 0; y < 4 * WIDE; y++) {
            m->edges[k][y] = y < EDGES ? all[ends[k] * LABELS + begins[y]] : 0;
            m->backs[k][y] = y < EDGES ? all[ends[y] * LABELS + begins[k]] : 0;
        }
}

static lanes load(const float *from)
{
    lanes l;

    memcpy(&l, from, sizeof(l));
    return l;
}

/* after_outside: the unit before can only be outside. */
static void step_begins(const float *before, const struct moves *m, int after_outside,
                        struct trellis *t)
{
    lanes best[WIDE];
    masks from[WIDE] = {{0}};

    for (int q = 0; q < WIDE; q++)
        best[q] = before[0] + load(m->edges[0] + 4 * q);
    for (int k = 1; k < EDGES && !after_outside; k++)
        for (int q = 0; q < WIDE; q++) {
            lanes score = before[ends[k]] + load(m->edges[k] + 4 * q);
            masks better = score > best[q];

            from[q] = (better & ends[k]) | (~better & from[q]);
            best[q] = (lanes)((better & (masks)score) | (~better & (masks)best[q]));
        }
    for (int y = 0; y < EDGES; y++) {
        t->best[begins[y]] = best[y / 4][y % 4];
        t->from[begins[y]] = (uint8_t)from[y / 4][y % 4];
    }
}

/* The label before is BEGIN or INSIDE, which stand next to each other; no branch to guess. */
static void step_inside(const float *before, const float *moves, struct trellis *t)
{
    for (int type = 0; type < TYPES; type++) {
        int b = label_of(type, BEGIN);

        for (int y = label_of(type, INSIDE); y <= label_of(type, LAST); y++) {
            float way[2] = {before[b] + moves[b * LABELS + y],
                            before[b + 1] + moves[(b + 1) * LABELS + y]};
            int inside = way[1] >= way[0];

            t->best[y] = way[inside];
            t->from[y] = (uint8_t)(b + inside);
        }
    }
}

/* Nothing but outside: from outside, where the unit before is that too. */
static void step_outside(const float *before, const float *moves, int after_outside,
                         struct trellis *t)
{
    for (int y = 0; y < LABELS; y++)
        t->best[y] = -INFINITY;
    t->best[0] = before[0] + moves[0];
    t->from[0] = 0;
    for (int k = 1; k < EDGES && !after_outside; k++)
        if (before[ends[k]] + moves[ends[k] * LABELS] > t->best[0]) {
            t->best[0] = before[ends[k]] + moves[ends[k] * LABELS];
            t->from[0] = ends[k];
        }
}

static void begin_first(const struct lattice *in, struct trellis *t)
{
    for (int y = 0; y < LABELS; y++)
        t->best[y] = -INFINITY;
    for (int k = 0; k < (in->outside ? 1 : EDGES); k++)
        t->best[begins[k]] = in->score[begins[k]];
}

void viterbi_best(const struct lattice *in, size_t n, const struct moves *moves, struct trellis *t,
                  uint8_t *labels)
{
    int last = 0;

    begin_first(in, t);
    for (size_t i = 1; i < n; i++) {
        if (in[i].outside) {
            step_outside(t[i - 1].best, moves->all, in[i - 1].outside, &t[i]);
            t[i].best[0] += in[i].score[0];
            continue;
        }
        step_begins(t[i - 1].best, moves, in[i - 1].outside, &t[i]);
        step_inside(t[i - 1].best, moves->all, &t[i]);
        for (int y = 0; y < LABELS; y++)
            t[i].best[y] += in[i].score[y];
    }
    for (int k = 1; k < EDGES; k++)
        if (t[n - 1].best[ends[k]] > t[n - 1].best[last])
            last = ends[k];
    for (size_t i = n; i-- > 0;) {
        labels[i] = (uint8_t)last;
        last = i ? t[i].from[last] : 0;
    }
}

static lanes larger(lanes a, lanes b)
{
    masks m = a > b;

    return (lanes)((m & (masks)a) | (~m & (masks)b));
}

/* after[y] of unit i becomes what the best rest of the sentence brings behind label y. */
static void step_back(const float *next, const struct moves *m, float *after)
{
    lanes best[WIDE];

    for (int q = 0; q < WIDE; q++)
        best[q] = next[0] + load(m->backs[0] + 4 * q);
    for (int k = 1; k < EDGES; k++)
        for (int q = 0; q < WIDE; q++)
            best[q] = larger(next[begins[k]] + load(m->backs[k] + 4 * q), best[q]);
    for (int e = 0; e < EDGES; e++)
        after[ends[e]] = best[e / 4][e % 4];
    for (int type = 0; type < TYPES; type++)
        for (int x = label_of(type, BEGIN); x <= label_of(type, INSIDE); x++) {
            const float *move = m->all + x * LABELS + label_of(type, INSIDE);
            float inside = move[0] + next[label_of(type, INSIDE)];
            float last = move[1] + next[label_of(type, LAST)];

            after[x] = inside > last ? inside : last;
        }
}

/* The same where the next unit can only be outside. */
static void step_back_outside(float next, const float *moves, float *after)
{
    for (int x = 0; x < LABELS; x++)
        after[x] = -INFINITY;
    for (int k = 0; k < EDGES; k++)
        after[ends[k]] = moves[ends[k] * LABELS] + next;
}

void viterbi_margins(const struct lattice *in, size_t n, const struct moves *moves,
                     const struct trellis *t, const uint8_t *labels, float *margins)
{
    float after[LABELS], next[LABELS];

    for (int x = 0; x < LABELS; x++)
        after[x] = -INFINITY;
    for (int k = 0; k < EDGES; k++)
        after[ends[k]] = 0;
    for (size_t i = n; i-- > 0;) {
        float other = -INFINITY;

        for (int y = 0; y < LABELS; y++)
            if (y != labels[i] && t[i].best[y] + after[y] > other)
                other = t[i].best[y] + after[y];
        margins[i] = t[i].best[labels[i]] + after[labels[i]] - other;
        if (in[i].outside) {
            step_back_outside(after[0] + in[i].score[0], moves->all, after);
            continue;
        }
        for (int y = 0; y < LABELS; y++)
            next[y] = after[y] + in[i].score[y];
        step_back(next, moves, after);
    }
}
