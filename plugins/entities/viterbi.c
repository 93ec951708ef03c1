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

enum { PADDED = 12 }; /* EDGES rounded up, so that loops run in whole vectors */

/* Moves from label ends[k] to label begins[y], side by side. */
struct edges {
    float move[EDGES][PADDED];
};

static void gather(struct edges *e, const float *moves)
{
    for (int k = 0; k < EDGES; k++)
        for (int y = 0; y < PADDED; y++)
            e->move[k][y] = y < EDGES ? moves[ends[k] * LABELS + begins[y]] : 0;
}

/* after_outside: the unit before can only be outside. */
static void step_begins(const float *before, const struct edges *e, int after_outside,
                        struct trellis *t)
{
    float best[PADDED];
    int from[PADDED] = {0};

    for (int y = 0; y < PADDED; y++)
        best[y] = before[0] + e->move[0][y];
    for (int k = 1; k < EDGES && !after_outside; k++) {
        float b = before[ends[k]];
        int end = ends[k];

        for (int y = 0; y < PADDED; y++) {
            float score = b + e->move[k][y];

            from[y] = score > best[y] ? end : from[y];
            best[y] = score > best[y] ? score : best[y];
        }
    }
    for (int y = 0; y < EDGES; y++) {
        t->best[begins[y]] = best[y];
        t->from[begins[y]] = (uint8_t)from[y];
    }
}

static void step_inside(const float *before, const float *moves, struct trellis *t)
{
    for (int type = 0; type < TYPES; type++) {
        int b = label_of(type, BEGIN), i = label_of(type, INSIDE);

        for (int y = label_of(type, INSIDE); y <= label_of(type, LAST); y++) {
            float from_b = before[b] + moves[b * LABELS + y];
            float from_i = before[i] + moves[i * LABELS + y];

            t->best[y] = from_b > from_i ? from_b : from_i;
            t->from[y] = (uint8_t)(from_b > from_i ? b : i);
        }
    }
}

static void step_outside(const float *before, const float *moves, struct trellis *t)
{
    for (int y = 0; y < LABELS; y++)
        t->best[y] = -INFINITY;
    t->best[0] = before[0] + moves[0];
    t->from[0] = 0;
    for (int k = 1; k < EDGES; k++)
        if (before[ends[k]] + moves[ends[k] * LABELS] > t->best[0]) {
            t->best[0] = before[ends[k]] + moves[ends[k] * LABELS];
            t->from[0] = ends[k];
        }
}

static void begin_first(const struct lattice *in, struct trellis *t)
{
    for (int y = 0; y < LABELS; y++)
        t->best[y] = -INFINITY;
    for (int k = 0; k < EDGES; k++)
        t->best[begins[k]] = in->score[begins[k]];
}

void viterbi_best(const struct lattice *in, size_t n, const float *moves, struct trellis *t,
                  uint8_t *labels)
{
    struct edges e;
    int last = 0;

    gather(&e, moves);
    begin_first(in, t);
    for (size_t i = 1; i < n; i++) {
        if (in[i].outside) {
            step_outside(t[i - 1].best, moves, &t[i]);
            t[i].best[0] += in[i].score[0];
            continue;
        }
        step_begins(t[i - 1].best, &e, in[i - 1].outside, &t[i]);
        step_inside(t[i - 1].best, moves, &t[i]);
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

/* after[y] of unit i becomes what the best rest of the sentence brings behind label y. */
static void step_back(const float *next, const float *moves, float *after)
{
    float best[LABELS];

    for (int x = 0; x < LABELS; x++)
        best[x] = -INFINITY;
    for (int e = 0; e < EDGES; e++) {
        const float *move = moves + ends[e] * LABELS;

        for (int k = 0; k < EDGES; k++)
            if (move[begins[k]] + next[begins[k]] > best[ends[e]])
                best[ends[e]] = move[begins[k]] + next[begins[k]];
    }
    for (int type = 0; type < TYPES; type++)
        for (int x = label_of(type, BEGIN); x <= label_of(type, INSIDE); x++) {
            float inside =
                moves[x * LABELS + label_of(type, INSIDE)] + next[label_of(type, INSIDE)];
            float last = moves[x * LABELS + label_of(type, LAST)] + next[label_of(type, LAST)];

            best[x] = inside > last ? inside : last;
        }
    memcpy(after, best, sizeof(best));
}

/* The same where the next unit can only be outside. */
static void step_back_outside(float next, const float *moves, float *after)
{
    for (int x = 0; x < LABELS; x++)
        after[x] = -INFINITY;
    for (int k = 0; k < EDGES; k++)
        after[ends[k]] = moves[ends[k] * LABELS] + next;
}

void viterbi_margins(const struct lattice *in, size_t n, const float *moves,
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
            step_back_outside(after[0] + in[i].score[0], moves, after);
            continue;
        }
        for (int y = 0; y < LABELS; y++)
            next[y] = after[y] + in[i].score[y];
        step_back(next, moves, after);
    }
}
