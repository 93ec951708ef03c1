/* SPDX-License-Identifier: Apache-2.0
 *
 * test_frame.c - what is written is what is read, and what does not fit is refused. */
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD sizeof(struct frame_head)

static struct slice of(const char *s)
{
    return (struct slice){s, strlen(s)};
}

static void assert_same(struct slice got, struct slice want)
{
    assert_int_equal(got.p == NULL, want.p == NULL);
    assert_int_equal(got.n, want.n);
    if (want.n)
        assert_memory_equal(got.p, want.p, want.n);
}

static const struct frame_skip skips[] = {{3, {"crashed", 7}}, {0, {"", 0}}};

static char *write_doc(const struct doc_fields *f, size_t n_skip, size_t *n)
{
    char *frame;

    *n = frame_doc_size(f, skips, n_skip);
    frame = malloc(*n);
    assert_non_null(frame);
    frame_doc_write(frame, 77, f, skips, n_skip);
    return frame;
}

static void document_comes_back(void **state)
{
    const struct doc_fields f = {
        .id = of("1"), .text = {"some\0text", 9}, .title = of(""), .language = of("en")};
    struct doc_fields got;
    struct frame_skip skip[2];
    struct frame_head head;
    size_t n, n_skip = 2;
    char *frame = write_doc(&f, 2, &n);

    (void)state;
    memcpy(&head, frame, sizeof head);
    assert_int_equal(head.size, n - HEAD);
    assert_int_equal(head.type, FRAME_DOC);
    assert_int_equal(head.ticket, 77);
    assert_int_equal(frame_doc_read(frame + HEAD, n - HEAD, &got, skip, &n_skip), 0);
    assert_same(got.id, f.id);
    assert_same(got.title, f.title);
    assert_same(got.text, f.text);
    assert_same(got.published, f.published);
    assert_same(got.url, f.url);
    assert_same(got.source, f.source);
    assert_same(got.language, f.language);
    assert_int_equal(n_skip, 2);
    assert_int_equal(skip[0].entry, 3);
    assert_same(skip[0].why, of("crashed"));
    assert_int_equal(skip[1].entry, 0);
    assert_int_equal(skip[1].why.n, 0);
    free(frame);
}

static void document_without_anything(void **state)
{
    const struct doc_fields f = {0};
    struct doc_fields got;
    size_t n, n_skip = 0;
    char *frame = write_doc(&f, 0, &n);

    (void)state;
    assert_int_equal(frame_doc_read(frame + HEAD, n - HEAD, &got, NULL, &n_skip), 0);
    assert_null(got.text.p);
    free(frame);
}

/* Every shorter payload, in a piece of memory that ends where it does. */
static void cut_documents_are_refused(void **state)
{
    const struct doc_fields f = {.id = of("1"), .text = of("text")};
    size_t n;
    char *frame = write_doc(&f, 2, &n);

    (void)state;
    for (size_t cut = 0; cut < n - HEAD; cut++) {
        struct doc_fields got;
        struct frame_skip skip[2];
        size_t n_skip = 2;
        char *part = malloc(cut ? cut : 1);
        assert_non_null(part);
        memcpy(part, frame + HEAD, cut);
        assert_int_equal(frame_doc_read(part, cut, &got, skip, &n_skip), -1);
        free(part);
    }
    free(frame);
}

static void refused(char *frame, size_t n, size_t room)
{
    struct doc_fields got;
    struct frame_skip skip[2];

    assert_int_equal(frame_doc_read(frame + HEAD, n - HEAD, &got, skip, &room), -1);
    free(frame);
}

static void lies_are_refused(void **state)
{
    const struct doc_fields f = {.id = of("1"), .text = of("text")};
    const uint32_t huge = UINT32_MAX - 1;
    size_t n;
    char *frame = write_doc(&f, 2, &n);

    (void)state;
    refused(frame, n, 1); /* more to skip than there is room for */
    frame = write_doc(&f, 0, &n);
    memcpy(frame + HEAD, &huge, sizeof huge);
    refused(frame, n, 2);
    frame = write_doc(&f, 0, &n);
    memcpy(frame + HEAD + 4, &huge, sizeof huge); /* the length of the id */
    refused(frame, n, 2);
    frame = realloc(write_doc(&f, 0, &n), n + 1);
    assert_non_null(frame);
    frame[n] = 0;
    refused(frame, n + 1, 2); /* a byte too many */
}

static void result_comes_back(void **state)
{
    const struct frame_result r = {.topic = {"en.x.", 5}, .error = {"broke", 5}};
    char payload[128];
    struct frame_result back;
    size_t n = frame_result_size(&r);

    (void)state;
    frame_result_write(payload, &r);
    memcpy(payload + n, "\"a\":1", 5);
    assert_int_equal(frame_result_read(payload, n + 5, &back), 0);
    assert_int_equal(back.topic.n, 5);
    assert_memory_equal(back.topic.p, "en.x.", 5);
    assert_null(back.plugin.p);
    assert_memory_equal(back.error.p, "broke", 5);
    assert_int_equal(back.members.n, 5);
    assert_memory_equal(back.members.p, "\"a\":1", 5);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(frame_result_read(payload, cut, &back), -1);
}

static void answers_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(frame_most(0), 256 << 20);
    assert_int_equal(frame_most(1 << 20), 288 << 20);
    assert_int_equal(frame_most(UINT32_MAX), FRAME_LARGEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(document_comes_back),       cmocka_unit_test(document_without_anything),
        cmocka_unit_test(cut_documents_are_refused), cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(result_comes_back),         cmocka_unit_test(answers_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
