/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c - a document read and published, against Jansson parsing and dumping the
 * same and against memcpy, in turns in one run. Documents of about 2 kB that it
 * makes itself: plain, with escapes, in Cyrillic, and one of 10 MB.
 */
#include "wire/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_BYTES (64u << 20) /* read in each turn */
#define TURNS       5

static const char members[] =
    "\"language\":{\"label\":\"en\",\"score\":0.998},\"entities\":[{\"start\":0,\"end\":5,"
    "\"text\":\"Paris\",\"label\":\"LOC\",\"score\":0.97}],\"run\":{\"worker_us\":310,"
    "\"plugins\":{\"language\":21,\"entities\":190}}";

struct sample {
    const char *name, *sentence;
    size_t bytes;
    struct json_out text, json;
    struct arena scratch;
    struct json_out out;
    char *copy;
};

static struct sample samples[] = {
    {.name = "plain",
     .bytes = 2000,
     .sentence = "The ministry said on Tuesday that talks would go on for another week. "},
    {.name = "escapes",
     .bytes = 2000,
     .sentence = "\"We will go on,\" she said.\n\n\"For another week,\" he added.\n"},
    {.name = "Cyrillic",
     .bytes = 2000,
     .sentence = "Министерство сообщило во вторник, что переговоры продлятся ещё неделю. "},
    {.name = "10 MB",
     .bytes = 10000000,
     .sentence = "The ministry said on Tuesday that talks would go on for another week. "},
};

static void make(struct sample *s)
{
    while (s->text.n < s->bytes)
        json_puts(&s->text, s->sentence);
    json_puts(&s->json, "{\"id\":\"2026-0001\",\"title\":\"Talks go on\",\"published\":"
                        "\"2026-01-31T10:00:00Z\",\"url\":\"http://example.org/1\",\"text\":");
    json_put_string(&s->json, s->text.p, s->text.n);
    json_puts(&s->json, ",\"tags\":[\"talks\",\"ministry\"],\"words\":350}");
    s->copy = malloc(s->json.n);
    arena_init(&s->scratch, SIZE_MAX);
    if (!s->copy || s->json.failed)
        exit(1);
}

static void read_only(struct sample *s)
{
    struct json_doc d;
    struct fault f;

    arena_reset(&s->scratch);
    if (json_read(&d, &s->scratch, s->json.p, s->json.n, true, &f) != REJECT_NONE)
        exit(1);
}

static void read_and_publish(struct sample *s)
{
    struct json_stamp stamp = {.log = "L", .seq = 42, .prev = 41, .received = "2026-01-31"};
    struct json_doc d;
    struct fault f;

    arena_reset(&s->scratch);
    if (json_read(&d, &s->scratch, s->json.p, s->json.n, true, &f) != REJECT_NONE)
        exit(1);
    s->out.n = 0;
    json_put_document(&s->out, s->json.p, &d, &stamp, members, sizeof members - 1);
}

static void write_string(struct sample *s)
{
    s->out.n = 0;
    json_put_string(&s->out, s->text.p, s->text.n);
}

static void peer_read(struct sample *s)
{
    json_t *json = json_loadb(s->json.p, s->json.n, 0, NULL);

    if (!json)
        exit(1);
    json_decref(json);
}

static void peer_read_and_dump(struct sample *s)
{
    json_t *json = json_loadb(s->json.p, s->json.n, 0, NULL);
    char *text = json_dumps(json, JSON_COMPACT);

    if (!text)
        exit(1);
    free(text);
    json_decref(json);
}

static void copy_twice(struct sample *s)
{
    memcpy(s->copy, s->json.p, s->json.n);
    __asm__ volatile("" : : "r"(s->copy) : "memory");
    memcpy(s->copy, s->json.p, s->json.n);
    __asm__ volatile("" : : "r"(s->copy) : "memory");
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* MB/s of JSON. */
static double speed(struct sample *s, void (*work)(struct sample *))
{
    size_t n = ROUND_BYTES / s->json.n;
    double start = now();

    for (size_t i = 0; i < n; i++)
        work(s);
    return (double)(n * s->json.n) / (now() - start) / 1e6;
}

int main(void)
{
    static void (*const work[])(struct sample *) = {
        read_only, peer_read, read_and_publish, peer_read_and_dump, copy_twice, write_string};
    enum { N = sizeof work / sizeof *work };

    printf("MB/s, best of %d      read  Jansson  ratio | read+publish  parse+dump  ratio | two "
           "copies | string\n",
           TURNS);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        double best[N] = {0};
        make(&samples[i]);
        for (int turn = 0; turn < TURNS; turn++)
            for (int w = 0; w < N; w++) {
                double v = speed(&samples[i], work[w]);
                best[w] = v > best[w] ? v : best[w];
            }
        printf("%-20s %6.0f  %7.0f  %5.1f | %12.0f  %10.0f  %5.1f | %10.0f | %6.0f\n",
               samples[i].name, best[0], best[1], best[0] / best[1], best[2], best[3],
               best[2] / best[3], best[4], best[5]);
    }
    return 0;
}
