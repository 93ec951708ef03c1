/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_host.c - a plugin that does anything it can through its host table: the
 * bytes are a program of calls. The hard rule: afterwards whatever a layer holds
 * can be published, and what was not declared has not been touched. */
#include "plugin/host.h"
#include "text/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char title[] = "Z\xc3\xbcrich \xf0\x9f\x98\x80 NOW";
static const char body[] = "They met.\n\xe5\xb8\x82\xe9\x95\xb7\xe3\x81\xaf e\xcc\x81 3.5% said.";

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    (void)h;
    (void)self;
    (void)doc;
    return GLOSS_OK;
}

static const struct plugin plugin = {
    .table = {.abi = GLOSS_ABI,
              .size = sizeof(struct gloss_plugin),
              .name = "fuzz",
              .version = "1",
              .summary = "Does anything",
              .needs = (const char *const[]){"read", NULL},
              .provides = (const struct gloss_layer[]){{"one", GLOSS_ONE, "h"},
                                                       {"many", GLOSS_MANY, "h"},
                                                       {NULL, 0, NULL}},
              .options = (const struct gloss_option[]){{"str", GLOSS_STR, "s", "h"},
                                                       {"num", GLOSS_NUM, "1", "h"},
                                                       {"list", GLOSS_LIST, "a,b", "h"},
                                                       {NULL, 0, NULL, NULL}},
              .process = process},
};

/* What is left of the program. */
struct tape {
    const uint8_t *p, *end;
};

static uint8_t byte(struct tape *t)
{
    return t->p < t->end ? *t->p++ : 0;
}

static const char *word(struct tape *t)
{
    static const char *const words[] = {"one",  "many", "read", "hidden", "key",  "label",
                                        "\xff", "",     "num",  "str",    "list", "\xc3\xa9"};
    uint8_t i = byte(t) % (sizeof words / sizeof *words + 1);

    return i ? words[i - 1] : NULL;
}

static double number(struct tape *t)
{
    static const double numbers[] = {0, -1, 0.5, 1e300, NAN, INFINITY, -INFINITY};

    return numbers[byte(t) % (sizeof numbers / sizeof *numbers)];
}

static void write_something(const struct gloss_host *h, struct gloss_doc *doc, struct tape *t)
{
    struct gloss_span span = {byte(t) % 64, byte(t) % 64};
    const char *layer = word(t);

    switch (byte(t) % 4) {
    case 0:
        h->set_str(doc, layer, (int8_t)byte(t), word(t), word(t));
        break;
    case 1:
        h->set_num(doc, layer, (int8_t)byte(t), word(t), number(t));
        break;
    case 2:
        h->annotate(doc, layer, GLOSS_WHOLE, word(t), number(t));
        break;
    default:
        h->annotate(doc, layer, span, word(t), number(t));
    }
}

static void read_something(const struct gloss_host *h, struct gloss_doc *doc, struct tape *t)
{
    size_t n = 0;

    switch (byte(t) % 8) {
    case 0:
        if (h->tokens(doc, &n) && h->sentences(doc, &n) && n == 0)
            abort();
        break;
    case 1:
        h->field(doc, word(t));
        break;
    case 2:
        if (h->layer(doc, "hidden", &n) || n)
            abort();
        break;
    case 3:
        h->get_str(doc, word(t), byte(t), word(t));
        break;
    case 4:
        h->get_num(doc, word(t), byte(t), word(t));
        break;
    case 5:
        memset(h->alloc(doc, 40), 0xff, 40);
        break;
    case 6:
        h->conf_list(h, word(t), &n);
        break;
    default:
        h->conf_str(h, word(t));
        h->conf_num(h, word(t));
        h->expired(doc);
    }
}

/* ---- what must hold afterwards */

static void check_text(const char *s)
{
    if (s && utf8_check(s, strlen(s)) < strlen(s))
        abort();
}

static void check_edge(const struct doc *d, size_t at)
{
    if (at > d->len || ((unsigned char)d->text[at] & 0xC0) == 0x80)
        abort();
}

static void check_annot(const struct doc *d, const struct doc_layer *l, size_t i)
{
    const struct gloss_annot *a = &l->annots[i];

    check_text(a->label);
    if (isinf(a->score))
        abort();
    for (const struct doc_attr *attr = l->attrs[i].first; attr; attr = attr->next) {
        check_text(attr->str);
        if (!attr->str && !isfinite(attr->num))
            abort();
    }
    if (a->span.begin == 0 && a->span.end == UINT32_MAX)
        return;
    check_edge(d, a->span.begin);
    check_edge(d, a->span.end);
    if (a->span.begin >= a->span.end || (a->span.begin < d->body && a->span.end >= d->body))
        abort();
}

static void check_document(const struct doc *d)
{
    static const char *const untouched[] = {"read", "hidden"};
    size_t notes = 0;

    for (size_t i = 0; i < 2; i++) {
        const struct doc_layer *l = doc_layer_find(d, untouched[i]);

        if (l->n != 1 || strcmp(l->annots[0].label, untouched[i]) != 0 || l->attrs[0].first)
            abort();
    }
    for (size_t i = 0; i < d->n_layers; i++)
        for (size_t k = 0; k < d->layers[i].n; k++)
            check_annot(d, &d->layers[i], k);
    if (doc_layer_find(d, "one")->n > 1)
        abort();
    for (const struct doc_error *e = d->errors; e; e = e->next, notes++)
        check_text(e->error);
    if (notes > 9)
        abort();
}

static void add_layer(struct doc *d, const char *name)
{
    doc_layer_add(d, name, name, GLOSS_ONE);
    if (doc_annotate(d, doc_layer_find(d, name), GLOSS_WHOLE, name, NAN) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct doc_fields f = {.title = {title, sizeof title - 1},
                                 .text = {body, sizeof body - 1}};
    const struct config c = {.topic = ""};
    const struct config_entry e = {.plugin = "fuzz", .where = "fuzz", .timeout_ms = 1};
    struct tape t = {data, data + n};
    struct host *h = host_create(&c, &e, &plugin, "fuzz", NULL, NULL);
    struct gloss_doc *doc;
    struct doc d;

    doc_init(&d, (size_t)64 << 20);
    if (!h || doc_begin(&d, &f) < 0)
        abort();
    add_layer(&d, "read");
    add_layer(&d, "hidden");
    doc = host_enter(h, &d, 0);
    while (t.p < t.end)
        (byte(&t) % 2 ? write_something : read_something)(host_table(h), doc, &t);
    host_leave(h, true);
    check_document(&d);
    doc_finish(&d);
    host_destroy(h);
    return 0;
}
