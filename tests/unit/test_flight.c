/* SPDX-License-Identifier: Apache-2.0
 *
 * test_flight.c - documents in flight: what is counted, what a frame holds, queues. */
#include "daemon/flight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLICE(s) ((struct slice){s, sizeof(s) - 1})

static struct flight_doc *enter(struct flight *f, size_t bytes)
{
    struct doc_fields fields = {.id = SLICE("id"), .text = SLICE("some text")};
    struct flight_doc *d = flight_create();

    d->bytes = bytes;
    assert_int_equal(flight_enter(f, d, &fields), 0);
    return d;
}

static void counts(void **state)
{
    struct flight f;
    struct flight_doc *a, *b;

    (void)state;
    flight_init(&f, 2, 100);
    assert_true(flight_has_room(&f, 1000)); /* alone */
    a = enter(&f, 60);
    assert_false(flight_has_room(&f, 41));
    assert_true(flight_has_room(&f, 40));
    b = enter(&f, 40);
    assert_int_equal(a->ticket, 1);
    assert_int_equal(b->ticket, 2);
    assert_false(flight_has_room(&f, 0));
    assert_false(flight_has_ebbed(&f));
    flight_leave(&f, a);
    assert_true(flight_has_ebbed(&f));
    assert_true(flight_has_room(&f, 60));
    flight_leave(&f, b);
    assert_int_equal(f.documents, 0);
    assert_int_equal(f.bytes, 0);
}

static void ebbs_at_three_quarters(void **state)
{
    struct flight f;

    (void)state;
    flight_init(&f, 100, 1000);
    f.documents = 76;
    assert_false(flight_has_ebbed(&f));
    f.documents = 75;
    assert_true(flight_has_ebbed(&f));
    f.bytes = 751;
    assert_false(flight_has_ebbed(&f));
    flight_init(&f, 1, 1000);
    assert_true(flight_has_ebbed(&f));
    f.documents = 1;
    assert_false(flight_has_ebbed(&f));
}

static void read_frame(const struct flight_doc *d, struct doc_fields *fields,
                       struct frame_skip *skip, size_t *n)
{
    const size_t head = sizeof(struct frame_head);

    assert_int_equal(frame_doc_read(d->frame + head, d->n_frame - head, fields, skip, n), 0);
    assert_int_equal(fields->text.n, 9);
    assert_memory_equal(fields->text.p, "some text", 9);
    assert_memory_equal(fields->id.p, "id", 2);
}

static void skips_are_in_the_frame(void **state)
{
    struct flight f;
    struct flight_doc *d;
    struct doc_fields fields;
    struct frame_skip skip[4];
    size_t n = 4;

    (void)state;
    flight_init(&f, 10, 1000);
    d = enter(&f, 1);
    assert_int_equal(flight_prepare(d, 1), 0);
    read_frame(d, &fields, skip, &n);
    assert_int_equal(n, 0);
    assert_true(flight_skip_entry(d, 3, "crashed (SIGSEGV)"));
    assert_true(flight_skip_entry(d, 0, "called exit(1)"));
    assert_false(flight_skip_entry(d, 3, "again"));
    n = 4;
    read_frame(d, &fields, skip, &n);
    assert_int_equal(n, 2);
    assert_int_equal(skip[0].entry, 3);
    assert_memory_equal(skip[0].why.p, "crashed (SIGSEGV)", skip[0].why.n);
    assert_int_equal(skip[1].entry, 0);

    /* The same generation keeps them, another has another pipeline. */
    assert_int_equal(flight_prepare(d, 1), 0);
    assert_int_equal(d->n_skip, 2);
    assert_int_equal(flight_prepare(d, 2), 0);
    n = 4;
    read_frame(d, &fields, skip, &n);
    assert_int_equal(n, 0);
    assert_true(flight_skip_entry(d, 3, "crashed (SIGBUS)"));
    flight_leave(&f, d);
    flight_destroy(NULL);
}

static void queues(void **state)
{
    struct flight_queue q = {0}, other = {0};
    struct flight_doc d[5];

    (void)state;
    memset(d, 0, sizeof d);
    assert_null(flight_pop(&q));
    flight_push_front(&q, &other);
    assert_null(flight_pop(&q));
    flight_push(&q, &d[2]);
    flight_push(&other, &d[0]);
    flight_push(&other, &d[1]);
    flight_push_front(&q, &other);
    flight_push(&q, &d[3]);
    assert_int_equal(q.n, 4);
    assert_int_equal(other.n, 0);
    assert_null(other.first);
    for (int i = 0; i < 4; i++)
        assert_ptr_equal(flight_pop(&q), &d[i]);
    assert_null(flight_pop(&q));
    flight_push(&other, &d[4]);
    flight_push_front(&q, &other);
    flight_push(&q, &d[0]);
    assert_ptr_equal(flight_pop(&q), &d[4]);
    assert_ptr_equal(flight_pop(&q), &d[0]);
}

static void probes_leave_out_one_after_the_other(void **state)
{
    struct flight f;
    struct flight_doc *d;

    (void)state;
    flight_init(&f, 10, 1000);
    d = enter(&f, 10);
    assert_int_equal(flight_prepare(d, 1), 0);
    assert_true(flight_skip_entry(d, 2, "crashed"));
    /* Of four: 3, then 1 (2 is out for its own reason), then 0, then none is left. */
    for (uint32_t i = 0; i < 3; i++) {
        static const uint32_t order[] = {3, 1, 0};

        assert_true(flight_probe(d, 4, "its worker crashed"));
        assert_true(d->probing);
        assert_int_equal(d->probe, order[i]);
        assert_int_equal(d->n_skip, 2);
        assert_true(flight_skips(d, 2));
        assert_true(flight_skips(d, order[i]));
    }
    assert_false(flight_probe(d, 4, "its worker crashed"));
    assert_false(d->probing);
    assert_int_equal(d->n_skip, 1);
    flight_leave(&f, d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(ebbs_at_three_quarters),
        cmocka_unit_test(skips_are_in_the_frame),
        cmocka_unit_test(probes_leave_out_one_after_the_other),
        cmocka_unit_test(queues),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
