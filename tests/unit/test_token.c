/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens and sentences: golden cases in tests/unit/tokens (NAME.in is the text; NAME.out
 * has a sentence a line, its tokens parted by spaces), flags, and what holds for any
 * text whatever the memory.
 */
#include "support/cases.h"
#include "text/arena.h"
#include "text/split.h"
#include "text/token.h"
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_token(const char *text, size_t begin, size_t end, const struct gloss_token *t)
{
    const uint32_t kinds = GLOSS_TOKEN_WORD | GLOSS_TOKEN_NUMBER | GLOSS_TOKEN_PUNCT;
    uint32_t kind = t->flags & kinds;

    assert_true(t->span.begin >= begin && t->span.begin < t->span.end && t->span.end <= end);
    assert_true(((unsigned char)text[t->span.begin] & 0xC0) != 0x80);
    assert_true(t->span.end == end || ((unsigned char)text[t->span.end] & 0xC0) != 0x80);
    for (size_t i = t->span.begin; i < t->span.end; i++)
        assert_true((unsigned char)text[i] > ' ');
    assert_true(kind == GLOSS_TOKEN_WORD || kind == GLOSS_TOKEN_NUMBER ||
                kind == GLOSS_TOKEN_PUNCT);
    assert_true(t->flags < 2 * GLOSS_TOKEN_LINE);
}

/* What holds for every text: tokens in order, not touching white space, each in
 * the sentence that begins with its first token and ends with its last. */
static void check(const char *text, size_t begin, size_t end, const struct tokens *t)
{
    size_t at = begin, token = 0;

    for (size_t i = 0; i < t->n_tokens; i++) {
        check_token(text, begin, end, &t->tokens[i]);
        assert_true(t->tokens[i].span.begin >= at);
        at = t->tokens[i].span.end;
    }
    for (size_t i = 0; i < t->n_sentences; i++) {
        assert_true(token < t->n_tokens);
        assert_int_equal(t->sentences[i].begin, t->tokens[token].span.begin);
        while (token < t->n_tokens && t->tokens[token].sentence == i)
            token++;
        assert_true(token > 0);
        assert_int_equal(t->sentences[i].end, t->tokens[token - 1].span.end);
    }
    assert_int_equal(token, t->n_tokens);
}

/* Sentences as lines, tokens with a space between; from malloc. */
static char *render(const char *text, const struct tokens *t)
{
    char *out = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&out, &n);

    assert_non_null(f);
    for (size_t i = 0; i < t->n_tokens; i++) {
        const struct gloss_token *k = &t->tokens[i];
        if (i)
            fputc(k[-1].sentence == k->sentence ? ' ' : '\n', f);
        fwrite(text + k->span.begin, 1, k->span.end - k->span.begin, f);
    }
    fclose(f);
    return out;
}

static char *split_case(const char *path, const char *input, size_t n)
{
    struct tokens t = {0};
    struct arena a;
    char *got;

    (void)path;
    assert_int_equal(utf8_check(input, n), n);
    arena_init(&a, SIZE_MAX);
    assert_int_equal(tokens_split(&t, &a, input, 0, n), 0);
    check(input, 0, n, &t);
    got = render(input, &t);
    arena_finish(&a);
    return got;
}

static void test_golden(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/unit/tokens", split_case);
}

/* W word, N number, P mark, T title, U upper, L link, s spaced, l line. */
static const char *letters(uint32_t flags)
{
    static char out[16];
    static const struct {
        uint32_t flag;
        char letter;
    } names[] = {
        {GLOSS_TOKEN_WORD, 'W'},   {GLOSS_TOKEN_NUMBER, 'N'}, {GLOSS_TOKEN_PUNCT, 'P'},
        {GLOSS_TOKEN_TITLE, 'T'},  {GLOSS_TOKEN_UPPER, 'U'},  {GLOSS_TOKEN_LINK, 'L'},
        {GLOSS_TOKEN_SPACED, 's'}, {GLOSS_TOKEN_LINE, 'l'},
    };
    char *to = out;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (flags & names[i].flag)
            *to++ = names[i].letter;
    *to = '\0';
    return out;
}

static void test_flags(void **state)
{
    static const struct {
        const char *text, *flags;
    } cases[] = {
        {"Hello world", "WTsl Ws"},
        {"A I", "WTsl WTs"},
        {"NATO U.S. COVID-19 R&D", "WUsl WUs WUs WUs"},
        {"McCain iPhone al-Assad UNhcr", "Wsl Ws Ws Ws"},
        {"3rd 1,254.50 2015 4G ½", "Nsl Ns Ns Ns Ns"},
        {"a, b", "Wsl P Ws"},
        {"a\nb\r\n\r\nc", "Wsl Wsl Wsl"},
        {"  x", "Wsl"},
        {"x\u00a0y\u3000z", "Wsl Ws Ws"},
        {"see http://a.example x@example.com Books.com", "Wsl WLs WLs WTLs"},
        {"20minutes.fr", "NLsl"},
        {"Élan ÉLAN élan ǅungla", "WTsl WUs Ws WTs"},
        {"Москва НАТО мир", "WTsl WUs Ws"},
        {"中文 かな 서울 ไทย", "Wsl W Ws Ws Ws W"},
        {"ok \xF0\x9F\x98\x80!", "Wsl Ps P"},
        {"Putin's CAN'T", "WTsl W WUs WU"},
        {"\uFEFFBom", "WTsl"},
        {"E\u0301tat", "WTsl"},
        {"(\"Yes\")", "Psl P WT P P"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tokens t = {0};
        struct arena a;
        char got[256] = "";
        arena_init(&a, SIZE_MAX);
        assert_int_equal(tokens_split(&t, &a, cases[i].text, 0, strlen(cases[i].text)), 0);
        for (size_t k = 0; k < t.n_tokens; k++)
            snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", k ? " " : "",
                     letters(t.tokens[k].flags));
        if (strcmp(got, cases[i].flags) != 0)
            fail_msg("%s: expected %s, got %s", cases[i].text, cases[i].flags, got);
        arena_finish(&a);
    }
}

static void test_nothing(void **state)
{
    static const char *const texts[] = {"", " ", "\n\n", "\t\r\n", "\u200b\ufeff", "\u0301"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct tokens t = {0};
        struct arena a;
        arena_init(&a, 0);
        assert_int_equal(tokens_split(&t, &a, texts[i], 0, strlen(texts[i])), 0);
        assert_int_equal(t.n_tokens, 0);
        assert_int_equal(t.n_sentences, 0);
        arena_finish(&a);
    }
}

/* Each entry of the tables is found: they are sorted. */
static void test_abbreviations(void **state)
{
    static const struct {
        const char *key;
        enum abbreviation kind;
        bool capital;
    } entries[] = {
#include "text/abbreviation.inc"
    };
    static const char *const starters[] = {
#include "text/starter.inc"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
        char word[16];
        snprintf(word, sizeof(word), "%s", entries[i].key);
        if (entries[i].capital && word[0] >= 'a' && word[0] <= 'z') {
            assert_int_equal(abbreviation_find(word, strlen(word)), ABBR_NONE);
            word[0] ^= 0x20;
        }
        if (abbreviation_find(word, strlen(word)) != entries[i].kind)
            fail_msg("%s is not found: is the table sorted?", word);
    }
    for (size_t i = 0; i < sizeof(starters) / sizeof(*starters); i++)
        if (!abbreviation_starter(starters[i], strlen(starters[i])))
            fail_msg("%s is not found: is the table sorted?", starters[i]);
    assert_int_equal(abbreviation_find("house", 5), ABBR_NONE);
    assert_int_equal(abbreviation_find("", 0), ABBR_NONE);
    assert_int_equal(abbreviation_find("MASS", 4), ABBR_NONE);
    assert_false(abbreviation_starter("Smith", 5));
    assert_true(abbreviation_starter("THE", 3));
}

/* Two parts of one text: offsets count from its beginning, sentences go on. */
static void test_parts(void **state)
{
    static const char text[] = "Prices rise\nThey rose. They fell";
    struct tokens t = {0};
    struct arena a;

    (void)state;
    arena_init(&a, SIZE_MAX);
    assert_int_equal(tokens_split(&t, &a, text, 0, 11), 0);
    assert_int_equal(tokens_split(&t, &a, text, 12, sizeof(text) - 1), 0);
    check(text, 0, sizeof(text) - 1, &t);
    assert_int_equal(t.n_tokens, 7);
    assert_int_equal(t.n_sentences, 3);
    assert_int_equal(t.tokens[2].span.begin, 12);
    assert_int_equal(t.tokens[2].sentence, 1);
    assert_true(t.tokens[2].flags & GLOSS_TOKEN_LINE);
    assert_int_equal(t.sentences[2].end, sizeof(text) - 1);
    arena_finish(&a);
}

/* However little memory there is, what is there is right. */
static void test_budget(void **state)
{
    static const char part[] =
        "Mr. Brown of Acme Inc. said (so): \"No.\" 他说你好。 Then U.S. troops left! ";
    char text[4 * sizeof(part)] = "";
    struct tokens whole = {0};
    struct arena a, b;
    size_t n, shorter = 0;

    (void)state;
    for (int i = 0; i < 4; i++)
        strcat(text, part);
    n = strlen(text);
    arena_init(&a, SIZE_MAX);
    assert_int_equal(tokens_split(&whole, &a, text, 0, n), 0);
    for (size_t limit = 0; limit < 4096; limit += 16) {
        struct tokens t = {0};
        arena_init(&b, limit);
        if (tokens_split(&t, &b, text, 0, n) < 0)
            shorter++;
        else
            assert_int_equal(t.n_tokens, whole.n_tokens);
        check(text, 0, n, &t);
        for (size_t i = 0; i < t.n_tokens; i++) {
            assert_memory_equal(&t.tokens[i].span, &whole.tokens[i].span,
                                sizeof(struct gloss_span));
            assert_int_equal(t.tokens[i].flags, whole.tokens[i].flags);
        }
        arena_finish(&b);
    }
    assert_true(shorter > 10 && shorter < 256);
    arena_finish(&a);
}

/* Long runs of one thing: no sentence of a million words, no token lost. */
static void test_runs(void **state)
{
    static const char *const parts[] = {"a",  "a ",     "a. ",     ".",      "\"",     "(",  "A.",
                                        "a@", "a.b ",   "'s ",     "-",      "a-",     "\n", "a\n",
                                        "1,", "www.",   "http://", "\u0301", "\u200d", "中", "ไ",
                                        "😀",  "\u00ad", ".\" ",    ".\"\"",  "! ",     "& ", "x'"};
    enum { BYTES = 200000 };
    char *text = malloc(BYTES + 16);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        size_t len = strlen(parts[i]), n = 0, longest = 0, first = 0;
        struct tokens t = {0};
        struct arena a;
        for (; n < BYTES; n += len)
            memcpy(text + n, parts[i], len);
        arena_init(&a, SIZE_MAX);
        assert_int_equal(tokens_split(&t, &a, text, 0, n), 0);
        check(text, 0, n, &t);
        for (size_t k = 0; k < t.n_tokens; k++) {
            if (t.tokens[k].sentence != t.tokens[first].sentence)
                first = k;
            if (k - first > longest)
                longest = k - first;
        }
        assert_true(longest <= 1000);
        arena_finish(&a);
    }
    free(text);
}

/* One line of Unicode's test: "÷ 0020 × 0308 ÷ 0041 ÷". Whether each token begins
 * and ends where a cluster may, or at white space, which is in no token. */
static void check_clusters(const char *line)
{
    char text[256], edge[256] = "";
    size_t n = 0;
    struct tokens t = {0};
    struct arena a;

    for (const char *p = line; *p && *p != '#' && *p != '\n';) {
        if (memcmp(p, "÷", 2) == 0)
            edge[n] = 1;
        if ((unsigned char)*p >= 0x80) {
            p += 2;
        } else if (*p == ' ' || *p == '\t') {
            p++;
        } else {
            uint32_t c = (uint32_t)strtoul(p, (char **)(uintptr_t)&p, 16);
            if (c >= 0xD800 && c < 0xE000)
                return;
            n += utf8_put(text + n, c);
        }
    }
    arena_init(&a, SIZE_MAX);
    assert_int_equal(tokens_split(&t, &a, text, 0, n), 0);
    for (size_t i = 0; i < t.n_tokens; i++)
        if (!edge[t.tokens[i].span.begin] ||
            (!edge[t.tokens[i].span.end] && (unsigned char)text[t.tokens[i].span.end] > ' '))
            fail_msg("a cluster is split: %s", line);
    arena_finish(&a);
}

static void test_clusters(void **state)
{
    FILE *f = fopen("/usr/share/unicode/auxiliary/GraphemeBreakTest.txt", "r");
    char line[1024];
    size_t n = 0;

    (void)state;
    if (!f) {
        print_message("skipped: Debian's package unicode-data is not installed\n");
        skip();
    }
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#')
            continue;
        check_clusters(line);
        n++;
    }
    fclose(f);
    assert_true(n > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_nothing),       cmocka_unit_test(test_parts),
        cmocka_unit_test(test_abbreviations), cmocka_unit_test(test_budget),
        cmocka_unit_test(test_runs),          cmocka_unit_test(test_clusters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
