/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_frame.c - what is read from a frame, written again, is the frame. */
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_doc(const char *payload, size_t n)
{
    struct doc_fields f;
    struct frame_skip skip[8];
    size_t n_skip = 8, size;
    char *frame;

    if (frame_doc_read(payload, n, &f, skip, &n_skip) < 0)
        return;
    size = frame_doc_size(&f, skip, n_skip);
    if (size != sizeof(struct frame_head) + n || !(frame = malloc(size)))
        abort();
    frame_doc_write(frame, 1, &f, skip, n_skip);
    if (memcmp(frame + sizeof(struct frame_head), payload, n) != 0)
        abort();
    free(frame);
}

static void check_result(const char *payload, size_t n)
{
    struct frame_result r;
    char *again;

    if (frame_result_read(payload, n, &r) < 0)
        return;
    again = malloc(n + 1);
    if (!again || frame_result_size(&r) + r.members.n != n)
        abort();
    frame_result_write(again, &r);
    if (memcmp(again, payload, frame_result_size(&r)) != 0)
        abort();
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *payload = malloc(size ? size : 1); /* ends where the frame does */

    if (!payload)
        return 0;
    memcpy(payload, data, size);
    check_doc(payload, size);
    check_result(payload, size);
    free(payload);
    return 0;
}
