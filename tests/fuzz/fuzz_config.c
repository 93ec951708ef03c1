/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_config.c - a line with a key path, then a configuration: what is refused is
 * refused with a reason, what is taken can be dumped and read again. */
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_dump(const struct config *c)
{
    char *text = config_dump(c), *again;
    struct config d;
    struct fault f;

    if (!text || config_parse(&d, "dump", text, strlen(text), &f) < 0)
        abort();
    again = config_dump(&d);
    if (!again || strcmp(text, again) != 0)
        abort();
    config_finish(&d);
    free(text);
    free(again);
}

static void check_parse(const char *path, const char *text, size_t n)
{
    struct fault f = {""};
    struct config c;

    if (config_parse(&c, "c.json", text, n, &f) < 0) {
        if (!*f.text)
            abort();
        return;
    }
    fault_set(&f, "why");
    config_fault(&c, path, &f);
    if (!strstr(f.text, "why"))
        abort();
    check_dump(&c);
    config_finish(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t n_path = line ? (size_t)(line - data) : 0, n = size - n_path - (line ? 1 : 0);
    char *path = calloc(1, n_path + 1), *text = malloc(n ? n : 1);

    if (!path || !text)
        abort();
    memcpy(path, data, n_path);
    memcpy(text, data + size - n, n);
    if (config_locate(text, n, path) > n)
        abort();
    check_parse(path, text, n);
    free(path);
    free(text);
    return 0;
}
