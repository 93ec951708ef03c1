/* SPDX-License-Identifier: Apache-2.0
 *
 * test_exec.c - what a command may answer, and what is said of every other answer;
 * code points of a text; and commands that do well and badly. */
#include "../../plugins/exec/answer.c"
#include "../../plugins/exec/number.c"
#include "../../plugins/exec/points.c"
#include "../../plugins/exec/reader.c"
#include "support/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- answers */

enum { NUMBER = 7 }; /* of the question */

struct taken {
    char text[512];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct taken *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    t->n += (size_t)vsnprintf(t->text + t->n, sizeof t->text - t->n, fmt, ap);
    va_end(ap);
}

static int keep(void *owner, const struct answer_annot *a, char *why, size_t room)
{
    struct taken *t = owner;

    if (a->label && strcmp(a->label, "refuse") == 0) {
        snprintf(why, room, "not this one");
        return -1;
    }
    if (a->whole)
        say(t, "whole");
    else
        say(t, "%s%u-%u", a->title ? "title " : "", a->start, a->end);
    if (a->label)
        say(t, " [%s]", a->label);
    if (!isnan(a->score))
        say(t, " %g", a->score);
    for (size_t i = 0; i < a->n_attr; i++)
        if (a->attr[i].str)
            say(t, " %s=[%s]", a->attr[i].key, a->attr[i].str);
        else
            say(t, " %s=%g", a->attr[i].key, a->attr[i].num);
    say(t, ";");
    return 0;
}

static void check_bytes(const char *line, size_t n, enum answer_kind kind, const char *want)
{
    struct taken t = {.n = 0};
    const struct answer_ops ops = {keep, &t};
    char *copy = malloc(n + 1), *scratch = malloc(n + 1), why[256] = "";

    assert_non_null(copy);
    assert_non_null(scratch);
    memcpy(copy, line, n);
    assert_int_equal(answer_read(copy, n, NUMBER, scratch, &ops, why, sizeof why), kind);
    assert_string_equal(kind == ANSWER_LAYER ? t.text : why, want);
    if (kind == ANSWER_STRAY)
        assert_int_equal(t.n, 0);
    free(copy);
    free(scratch);
}

static void check(const char *line, enum answer_kind kind, const char *want)
{
    check_bytes(line, strlen(line), kind, want);
}

static void good_answers(void **state)
{
    (void)state;
    check("{\"n\":7,\"layer\":[]}", ANSWER_LAYER, "");
    check(" { \"n\" : 7 , \"layer\" : [ ] } \r", ANSWER_LAYER, "");
    check("{\"n\":7}", ANSWER_NOTHING, "");
    check("{\"layer\":[{\"label\":\"\\\"n\\\":8\",\"n\":9}],\"n\":7.0}", ANSWER_LAYER,
          "whole [\"n\":8] n=9;");
    check("{\"error\":\"n\",\"n\":7}", ANSWER_ERROR, "n");
    check("{\"n\":7,\"layer\":null}", ANSWER_NOTHING, "");
    check("{\"n\":7,\"error\":\"no \\\"luck\\\"\"}", ANSWER_ERROR, "no \"luck\"");
    check("{\"n\":7,\"layer\":[{\"start\":0,\"end\":4,\"label\":\"x\",\"score\":-0.5e1}]}",
          ANSWER_LAYER, "0-4 [x] -5;");
    check("{\"n\":7,\"layer\":[{\"end\":7,\"start\":3,\"field\":\"title\"},{}, {\"label\":\"l\"}]}",
          ANSWER_LAYER, "title 3-7;whole;whole [l];");
    check(
        "{\"n\":7,\"layer\":[{\"start\":null,\"label\":null,\"x\":null,\"k_1\":\"v\",\"n\":1.25}]}",
        ANSWER_LAYER, "whole k_1=[v] n=1.25;");
    check("{\"n\":7,\"layer\":[{\"label\":\"\\u00e9\\u4e2d\\ud83d\\ude00\\/\\n\xc3\xa9\"}]}",
          ANSWER_LAYER, "whole [\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80/\n\xc3\xa9];");
}

static void wrong_answers(void **state)
{
    static const struct {
        const char *line, *why;
    } cases[] = {
        {"{\"n\":7,\"layer\":[]", "column 18: a } is missing where the answer ends"},
        {"{\"n\":7,\"layer\":[]} {}", "column 20: something follows the answer"},
        {"{\"n\":7,\"layers\":[]}", "column 8: the key must be \"n\", \"layer\" or \"error\""},
        {"{\"n\":7,\"layer\":[],\"error\":\"x\"}",
         "column 19: one \"layer\" or one \"error\" can be there, not both"},
        {"{\"n\":7,\"layer\":[],\"layer\":[]}",
         "column 19: one \"layer\" or one \"error\" can be there, not both"},
        {"{\"n\":7,\"n\":7}", "column 8: the key stands there twice"},
        {"{\"n\":7,\"layer\":[],\"n\":8}", "column 19: the key stands there twice"},
        {"{\"n\":7,}", "column 8: a key must be a string"},
        {"{\"layer\":[{\"A\":1}],\"n\":7}", "column 12: a key must be of a-z, 0-9 and _"},
        {"[\"n\":7]", "column 1: a { is missing where the answer begins: it wrote \"[\"n\":7]\""},
        {"{\"n\":7,\"layer\":{}}", "column 16: a [ is missing where the layer begins"},
        {"{\"n\":7,\"layer\":[{}", "column 19: a ] is missing where the layer ends"},
        {"{\"n\":7,\"layer\":[{},]}", "column 20: a { is missing where an annotation begins"},
        {"{\"n\":7,\"layer\":[1]}", "column 17: a { is missing where an annotation begins"},
        {"{\"n\":7,\"layer\":[{\"start\":1}]}",
         "column 17: start and end must both be there, or none of "
         "them"},
        {"{\"n\":7,\"layer\":[{\"start\":2,\"end\":2}]}",
         "column 17: start (2) must be before end (2)"},
        {"{\"n\":7,\"layer\":[{\"start\":-1,\"end\":2}]}",
         "column 26: start must be a whole number of code points"},
        {"{\"n\":7,\"layer\":[{\"start\":0.5,\"end\":2}]}",
         "column 26: start must be a whole number of code points"},
        {"{\"n\":7,\"layer\":[{\"start\":0,\"end\":4294967295}]}",
         "column 34: end must be a whole number of code points"},
        {"{\"n\":7,\"layer\":[{\"start\":\"0\",\"end\":1}]}", "column 26: start must be a number"},
        {"{\"n\":7,\"layer\":[{\"score\":NaN}]}", "column 26: score must be a number"},
        {"{\"n\":7,\"layer\":[{\"score\":01}]}", "column 26: score must be a number"},
        {"{\"n\":7,\"layer\":[{\"score\":1.}]}", "column 26: score must be a number"},
        {"{\"n\":7,\"layer\":[{\"score\":1e}]}", "column 26: score must be a number"},
        {"{\"n\":7,\"layer\":[{\"score\":1e999}]}", "column 26: score is too large"},
        {"{\"n\":7,\"layer\":[{\"label\":7}]}", "column 26: label must be a string"},
        {"{\"n\":7,\"layer\":[{\"label\":\"a\",\"label\":\"b\"}]}",
         "column 30: the key stands there twice"},
        {"{\"n\":7,\"layer\":[{\"a\":1,\"a\":2}]}", "column 24: the key stands there twice"},
        {"{\"n\":7,\"layer\":[{\"field\":\"body\",\"start\":0,\"end\":1}]}",
         "column 26: field must be \"title\" or \"text\""},
        {"{\"n\":7,\"layer\":[{\"field\":\"title\"}]}",
         "column 17: field is of no use without start and end"},
        {"{\"n\":7,\"layer\":[{\"text\":\"t\"}]}",
         "column 18: text is written by glossd, from start and end"},
        {"{\"n\":7,\"layer\":[{\"A\":1}]}", "column 18: a key must be of a-z, 0-9 and _"},
        {"{\"n\":7,\"layer\":[{\"a\":true}]}",
         "column 22: what is neither a string nor null must be a number"},
        {"{\"n\":7,\"layer\":[{\"a\":[]}]}",
         "column 22: what is neither a string nor null must be a number"},
        {"{\"n\":7,\"layer\":[{\"\xc3\xa9\xc3\xa9\":\"\\q\"}]}",
         "column 18: a key must be of a-z, 0-9 and _"},
        {"{\"n\":7,\"error\":\"\xc3\xa9\xc3\xa9\\q\"}", "column 19: there is no such escape"},
        {"{\"n\":7,\"error\":\"a", "column 18: the string does not end"},
        {"{\"n\":7,\"error\":\"a\tb\"}", "column 18: a control character must be escaped"},
        {"{\"n\":7,\"error\":\"\\u12\"}", "column 17: \\u must have four hexadecimal digits"},
        {"{\"n\":7,\"error\":\"\\ud83dx\"}", "column 17: half a surrogate pair is no character"},
        {"{\"n\":7,\"error\":\"\\udc00\"}", "column 17: half a surrogate pair is no character"},
        {"{\"n\":7,\"error\":\"\\u0000\"}", "column 17: a NUL can't be in a string"},
        {"{\"n\":7,\"error\":\"\xc3\"}", "column 17: it is not UTF-8"},
        {"{\"n\":7,\"error\":\"\xed\xa0\x80\"}", "column 17: it is not UTF-8"},
        {"{\"n\":7,\"error\":\"\xf5\x80\x80\x80\"}", "column 17: it is not UTF-8"},
        {"{\"n\":7,\"layer\":[{},{\"label\":\"refuse\"}]}", "column 20: not this one"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].line, ANSWER_WRONG, cases[i].why);
    check_bytes("{\"n\":7,\"error\":\"\0\"}", 19, ANSWER_WRONG,
                "column 17: a NUL can't be in an answer");
}

/* To no question, or to another: nothing of it is taken, and the command is out of step. */
static void stray_answers(void **state)
{
#define TEN "0123456789"
    static const char missing[] = "column 1: n is missing: copy it from the question, here 7";
    static const char *const without[] = {"{}",
                                          "{\"layer\":[{}]}",
                                          "{\"error\":\"n\"}",
                                          "{\"layer\":[{\"n\":7}]}",
                                          "{\"x\":\"n\",\"y\":7}",
                                          "{\"m\":{\"n\":7}}",
                                          "{\"x\":\"\\\"n\":7"};

    (void)state;
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        check(without[i], ANSWER_STRAY, missing);
    check("{\"n\":6,\"layer\":[{}]}", ANSWER_STRAY,
          "column 6: n is 6, and the question's is 7: copy it, and write one line for each");
    check("{\"layer\":[{}],\"n\":1e99}", ANSWER_STRAY,
          "column 19: n is 1e+99, and the question's is 7: copy it, and write one line for each");
    check("{\"n\":\"7\"}", ANSWER_STRAY, "column 6: n must be a number");
    check("{\"n\":", ANSWER_STRAY, "column 6: n must be a number");
    check("", ANSWER_STRAY, "column 1: a { is missing where the answer begins: it wrote \"\"");
    check("[]", ANSWER_STRAY, "column 1: a { is missing where the answer begins: it wrote \"[]\"");
    check("Traceback", ANSWER_STRAY,
          "column 1: a { is missing where the answer begins: it wrote \"Traceback\"");
    check(TEN TEN TEN TEN TEN "123456789\xc3\xa9", ANSWER_STRAY,
          "column 1: a { is missing where the answer begins: it wrote \"" TEN TEN TEN TEN TEN
          "123456789\"");
    check("\xff", ANSWER_STRAY, "column 1: it is not UTF-8");
}

static void numbers_are_of_one_length(void **state)
{
    (void)state;
    assert_int_equal(number_next(0), 1000000007);
    assert_int_equal(number_next(1000000007), 1000000008);
    assert_int_equal(number_next(INT32_MAX), 1000000007);
}

static void too_many_keys_are_refused(void **state)
{
    char line[1024] = "{\"n\":7,\"layer\":[{";
    size_t n = strlen(line);

    (void)state;
    for (int i = 0; i <= ANSWER_ATTRS; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, "%s\"k%02d\":1", i ? "," : "", i);
    snprintf(line + n, sizeof line - n, "}]}");
    check(line, ANSWER_WRONG, "column 530: an annotation has 64 further keys at most");
}

/* ---- code points */

static void points_are_bytes_are_points(void **state)
{
    static const char *const pieces[] = {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80"};
    uint32_t mark[64];
    char text[8192];
    struct points p;

    (void)state;
    for (size_t wanted = 0; wanted < 1500; wanted += 37) {
        size_t len = 0, at = 0, n = 0;

        for (size_t i = 0; i < wanted; i++) {
            const char *piece = pieces[i * i % 7 % 4];

            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        assert_true(points_size(len) <= sizeof mark);
        points_init(&p, text, len, mark);
        assert_int_equal(p.n, wanted);
        for (; n <= wanted; n++) {
            assert_int_equal(points_of(&p, at), n);
            assert_int_equal(points_byte(&p, n), at);
            for (at++; at < len && ((unsigned char)text[at] & 0xC0) == 0x80;)
                at++;
        }
    }
}

/* ---- commands */

#define PYTHON(code) "[\"/usr/bin/python3\", \"-c\", \"" code "\"]"
#define EACH         "import sys, json\\nfor line in sys.stdin:\\n d = json.loads(line)\\n "
#define ENTRY(code)  "{\"plugin\": \"exec\", \"options\": {\"command\": " PYTHON(code) "}}"

static void layers_come_back(void **state)
{
    (void)state;
    bed_check("[" ENTRY(EACH
                        "print(json.dumps({'n': d['n'], 'layer': [{'start': 1, 'end': 3, 'label': "
                        "d['text'][1:3], 'n': len(d['text'])}, {'score': 0.5}]}), "
                        "flush=True)") "]",
              "a\xf0\x9f\x98\x80"
              "e\xcc\x81!",
              "exec many\n  1..6 \xf0\x9f\x98\x80"
              "e - n=5\n  whole - 0.5\n",
              "");
    bed_check("[" ENTRY(EACH "print(json.dumps({'n': d['n']}), flush=True)") "]", "x", "", "");
    bed_check(
        "[" ENTRY(EACH
                  "print(json.dumps({'n': d['n'], 'error': 'no ' + d['text']}), flush=True)") "]",
        "luck", "", "exec: failed: its command says: no luck\n");
    bed_check("[" ENTRY(EACH "print(json.dumps({'n': d['n'], 'layer': [{'start': 0, 'end': 3}]}), "
                             "flush=True)") "]",
              "\xc3\xa9\xc3\xa9", "",
              "exec: failed: its command's answer is wrong: column 29: end (3) is behind the end "
              "of the text, which has 2 code points\n");
}

static void layers_are_given(void **state)
{
    (void)state;
    /* What exec needs runs before it, whatever the order; offsets are code points. */
    bed_check("[{\"plugin\": \"exec\", \"as\": \"back\", \"options\": {\"needs\": [\"shout\"],"
              " \"command\": " PYTHON(
                  EACH
                  "print(json.dumps({'n': d['n'], 'layer': [a | {'label': a['label'] + "
                  "'!'} for a in d['layers']['shout']]}), flush=True)") "}},"
                                                                        " {\"plugin\": \"shout\"}]",
              "\xc3\xa9 \xc3\x89"
              "COLE NO",
              "shout many\n  3..9 caps -\n  10..12 caps -\n"
              "back many\n  3..9 caps! -\n  10..12 caps! -\n",
              "");
    bed_check_refused("[{\"plugin\": \"exec\", \"options\": {\"command\": [\"true\"], "
                      "\"needs\": [\"nothing\"]}}]",
                      "test.json:2:1: pipeline: exec needs the layer \"nothing\", which no plugin "
                      "of the pipeline provides: add one that does");
    bed_check_refused("[{\"plugin\": \"exec\", \"options\": {\"command\": [\"true\"], "
                      "\"wants\": [\"No\"]}}]",
                      "test.json:2:66: pipeline[0].options.wants: \"No\" is no layer's name: a-z, "
                      "0-9 and _, a letter first");
    bed_check_refused("[{\"plugin\": \"exec\", \"options\": {\"command\": [\"true\"], "
                      "\"wants\": [\"exec\"]}}]",
                      "test.json:2:66: pipeline[0].options.wants: \"exec\" is the layer that exec "
                      "writes itself");
}

static void what_cant_start_is_refused(void **state)
{
    (void)state;
    bed_check_refused("[{\"plugin\": \"exec\"}]",
                      "test.json:2:14: pipeline[0].options.command: must be given, it has no "
                      "default: the program and its arguments");
    bed_check_refused("[{\"plugin\": \"exec\", \"options\": {\"command\": []}}]",
                      "test.json:2:14: pipeline[0]: plugin exec did not start: its option command "
                      "is empty: it must be a program's name or path, and its arguments");
    bed_check_refused("[{\"plugin\": \"exec\", \"options\": {\"command\": [\"/no/such\"]}}]",
                      "test.json:2:14: pipeline[0]: plugin exec did not start: its command "
                      "\"/no/such\" can't be started: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(stray_answers),
        cmocka_unit_test(numbers_are_of_one_length),
        cmocka_unit_test(too_many_keys_are_refused),
        cmocka_unit_test(points_are_bytes_are_points),
        cmocka_unit_test(layers_come_back),
        cmocka_unit_test(layers_are_given),
        cmocka_unit_test(what_cant_start_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
