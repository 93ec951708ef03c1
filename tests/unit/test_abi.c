/* SPDX-License-Identifier: Apache-2.0
 *
 * test_abi.c - the lock on include/gloss/plugin.h: every size, offset, value and
 * signature as it was when GLOSS_ABI became 1. A plugin built then must load for
 * ever, so a number here may be added (a table that grew at its end), never changed. */
#include <gloss/layers.h>
#include <gloss/plugin.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct lock {
    const char *what;
    size_t got, want;
};

#define SIZE(type, want)                                                                           \
    {                                                                                              \
        "sizeof " #type, sizeof(struct type), want                                                 \
    }
#define ALIGN(type, want)                                                                          \
    {                                                                                              \
        "alignof " #type, _Alignof(struct type), want                                              \
    }
#define AT(type, member, want)                                                                     \
    {                                                                                              \
#type "." #member, offsetof(struct type, member), want                                     \
    }
#define WIDE(type, member, want)                                                                   \
    {                                                                                              \
        "sizeof " #type "." #member, sizeof(((struct type *)0)->member), want                      \
    }
#define VALUE(name, want)                                                                          \
    {                                                                                              \
#name, (size_t)(long)(name), (size_t)(long)(want)                                          \
    }

static void check(const struct lock *locks, size_t n)
{
    size_t broken = 0;

    for (size_t i = 0; i < n; i++)
        if (locks[i].got != locks[i].want) {
            print_error("%s is %ld, it must be %ld\n", locks[i].what, (long)locks[i].got,
                        (long)locks[i].want);
            broken++;
        }
    assert_int_equal(broken, 0);
}

static void values_stay(void **state)
{
    static const struct lock locks[] = {
        VALUE(GLOSS_ABI, 1),          VALUE(GLOSS_TOKEN_WORD, 1),
        VALUE(GLOSS_TOKEN_NUMBER, 2), VALUE(GLOSS_TOKEN_PUNCT, 4),
        VALUE(GLOSS_TOKEN_TITLE, 8),  VALUE(GLOSS_TOKEN_UPPER, 16),
        VALUE(GLOSS_TOKEN_LINK, 32),  VALUE(GLOSS_TOKEN_SPACED, 64),
        VALUE(GLOSS_TOKEN_LINE, 128), VALUE(GLOSS_DEBUG, 0),
        VALUE(GLOSS_INFO, 1),         VALUE(GLOSS_WARN, 2),
        VALUE(GLOSS_ERROR, 3),        VALUE(GLOSS_OK, 0),
        VALUE(GLOSS_SKIP, 1),         VALUE(GLOSS_EDOC, -1),
        VALUE(GLOSS_EFATAL, -2),      VALUE(GLOSS_ESPAN, -3),
        VALUE(GLOSS_ELAYER, -4),      VALUE(GLOSS_ELIMIT, -5),
        VALUE(GLOSS_EVALUE, -6),      VALUE(GLOSS_STR, 1),
        VALUE(GLOSS_NUM, 2),          VALUE(GLOSS_BOOL, 3),
        VALUE(GLOSS_FILE, 4),         VALUE(GLOSS_LIST, 5),
        VALUE(GLOSS_NEEDS, 6),        VALUE(GLOSS_WANTS, 7),
        VALUE(GLOSS_ONE, 1),          VALUE(GLOSS_MANY, 2),
        VALUE(GLOSS_NOTEXT, 4),
    };

    (void)state;
    check(locks, sizeof locks / sizeof *locks);
    assert_int_equal(GLOSS_WHOLE.begin, 0);
    assert_int_equal(GLOSS_WHOLE.end, 4294967295u);
}

static void values_handed_out_stay(void **state)
{
    static const struct lock locks[] = {
        SIZE(gloss_span, 8),          ALIGN(gloss_span, 4),           AT(gloss_span, begin, 0),
        WIDE(gloss_span, begin, 4),   AT(gloss_span, end, 4),         WIDE(gloss_span, end, 4),
        SIZE(gloss_token, 16),        ALIGN(gloss_token, 4),          AT(gloss_token, span, 0),
        AT(gloss_token, sentence, 8), WIDE(gloss_token, sentence, 4), AT(gloss_token, flags, 12),
        WIDE(gloss_token, flags, 4),  SIZE(gloss_annot, 24),          ALIGN(gloss_annot, 8),
        AT(gloss_annot, span, 0),     AT(gloss_annot, label, 8),      AT(gloss_annot, score, 16),
        WIDE(gloss_annot, score, 8),
    };

    (void)state;
    check(locks, sizeof locks / sizeof *locks);
}

static void host_table_stays(void **state)
{
    static const struct lock locks[] = {
        SIZE(gloss_host, 160),         ALIGN(gloss_host, 8),          AT(gloss_host, abi, 0),
        WIDE(gloss_host, abi, 4),      AT(gloss_host, size, 4),       WIDE(gloss_host, size, 4),
        AT(gloss_host, log, 8),        AT(gloss_host, conf_str, 16),  AT(gloss_host, conf_num, 24),
        AT(gloss_host, conf_bool, 32), AT(gloss_host, conf_list, 40), AT(gloss_host, map, 48),
        AT(gloss_host, text, 56),      AT(gloss_host, body, 64),      AT(gloss_host, field, 72),
        AT(gloss_host, tokens, 80),    AT(gloss_host, sentences, 88), AT(gloss_host, layer, 96),
        AT(gloss_host, get_str, 104),  AT(gloss_host, get_num, 112),  AT(gloss_host, annotate, 120),
        AT(gloss_host, set_str, 128),  AT(gloss_host, set_num, 136),  AT(gloss_host, alloc, 144),
        AT(gloss_host, expired, 152),
    };

    (void)state;
    check(locks, sizeof locks / sizeof *locks);
}

static void plugin_table_stays(void **state)
{
    static const struct lock locks[] = {
        SIZE(gloss_option, 32),         ALIGN(gloss_option, 8),
        AT(gloss_option, key, 0),       AT(gloss_option, type, 8),
        WIDE(gloss_option, type, 4),    AT(gloss_option, def, 16),
        AT(gloss_option, help, 24),     SIZE(gloss_layer, 24),
        ALIGN(gloss_layer, 8),          AT(gloss_layer, name, 0),
        AT(gloss_layer, flags, 8),      WIDE(gloss_layer, flags, 4),
        AT(gloss_layer, help, 16),      SIZE(gloss_plugin, 88),
        ALIGN(gloss_plugin, 8),         AT(gloss_plugin, abi, 0),
        WIDE(gloss_plugin, abi, 4),     AT(gloss_plugin, size, 4),
        WIDE(gloss_plugin, size, 4),    AT(gloss_plugin, name, 8),
        AT(gloss_plugin, version, 16),  AT(gloss_plugin, summary, 24),
        AT(gloss_plugin, needs, 32),    AT(gloss_plugin, wants, 40),
        AT(gloss_plugin, provides, 48), AT(gloss_plugin, options, 56),
        AT(gloss_plugin, open, 64),     AT(gloss_plugin, close, 72),
        AT(gloss_plugin, process, 80),
    };

    (void)state;
    check(locks, sizeof locks / sizeof *locks);
}

/* Signatures are locked by the compiler: an assignment from another type fails. */
static void signatures_stay(void **state)
{
    static const struct gloss_host h;
    static const struct gloss_plugin p;
    void (*log)(const struct gloss_host *, int, const char *, ...) = h.log;
    const char *(*conf_str)(const struct gloss_host *, const char *) = h.conf_str;
    double (*conf_num)(const struct gloss_host *, const char *) = h.conf_num;
    bool (*conf_bool)(const struct gloss_host *, const char *) = h.conf_bool;
    const char *const *(*conf_list)(const struct gloss_host *, const char *, size_t *) =
        h.conf_list;
    const void *(*map)(const struct gloss_host *, const char *, size_t *) = h.map;
    const char *(*text)(const struct gloss_doc *, size_t *) = h.text;
    size_t (*body)(const struct gloss_doc *) = h.body;
    const char *(*field)(const struct gloss_doc *, const char *) = h.field;
    const struct gloss_token *(*tokens)(struct gloss_doc *, size_t *) = h.tokens;
    const struct gloss_span *(*sentences)(struct gloss_doc *, size_t *) = h.sentences;
    const struct gloss_annot *(*layer)(const struct gloss_doc *, const char *, size_t *) = h.layer;
    const char *(*get_str)(const struct gloss_doc *, const char *, size_t, const char *) =
        h.get_str;
    double (*get_num)(const struct gloss_doc *, const char *, size_t, const char *) = h.get_num;
    int32_t (*annotate)(struct gloss_doc *, const char *, struct gloss_span, const char *, double) =
        h.annotate;
    int (*set_str)(struct gloss_doc *, const char *, int32_t, const char *, const char *) =
        h.set_str;
    int (*set_num)(struct gloss_doc *, const char *, int32_t, const char *, double) = h.set_num;
    void *(*alloc)(struct gloss_doc *, size_t) = h.alloc;
    bool (*expired)(const struct gloss_doc *) = h.expired;
    int (*open)(const struct gloss_host *, void **) = p.open;
    void (*close)(const struct gloss_host *, void *) = p.close;
    int (*process)(const struct gloss_host *, void *, struct gloss_doc *) = p.process;
    const struct gloss_layer *provides = p.provides;
    const struct gloss_option *options = p.options;
    const char *const *needs = p.needs, *const *wants = p.wants;

    (void)state;
    assert_false(log || conf_str || conf_num || conf_bool || conf_list || map || text || body ||
                 field || tokens || sentences || layer || get_str || get_num || annotate ||
                 set_str || set_num || alloc || expired || open || close || process || provides ||
                 options || needs || wants);
}

static void layer_names_stay(void **state)
{
    static const char *const names[][2] = {
        {GLOSS_LANGUAGE, "language"}, {GLOSS_SENTIMENT, "sentiment"},
        {GLOSS_TONES, "sentences"},   {GLOSS_DATELINE, "dateline"},
        {GLOSS_ENTITIES, "entities"}, {GLOSS_POSITIVE, "positive"},
        {GLOSS_NEUTRAL, "neutral"},   {GLOSS_NEGATIVE, "negative"},
        {GLOSS_PER, "PER"},           {GLOSS_ORG, "ORG"},
        {GLOSS_LOC, "LOC"},           {GLOSS_MISC, "MISC"},
        {GLOSS_PLACE, "place"},       {GLOSS_REGION, "region"},
        {GLOSS_COUNTRY, "country"},   {GLOSS_LAT, "lat"},
        {GLOSS_LON, "lon"},           {GLOSS_DATE, "date"},
        {GLOSS_SOURCE, "source"},     {GLOSS_NAME, "name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(names[i][0], names[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stay),      cmocka_unit_test(values_handed_out_stay),
        cmocka_unit_test(host_table_stays), cmocka_unit_test(plugin_table_stays),
        cmocka_unit_test(signatures_stay),  cmocka_unit_test(layer_names_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
