/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plugin.c - shared objects found and loaded, or refused with words; their
 * tables checked. */
#include "plugin/plugin.h"
#include "plugin/table.h"

#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FIXTURE(name) BUILD "/tests/fixtures/" name ".so"

static void check_open_refused(const char *file, const char *want)
{
    struct plugin p;
    struct fault f;

    assert_int_equal(plugin_open(&p, file, 0, &f), -1);
    assert_string_equal(f.text, want);
    assert_null(p.path);
}

/* ---- loading */

static void good_plugin_is_opened(void **state)
{
    struct plugin p;
    struct fault f;

    (void)state;
    assert_int_equal(plugin_open(&p, BUILD "/plugins/shout.so", 0, &f), 0);
    assert_string_equal(p.table.name, "shout");
    assert_string_equal(p.table.provides[0].name, "shout");
    assert_string_equal(p.path, BUILD "/plugins/shout.so");
    plugin_finish(&p);
    plugin_finish(NULL);
}

static void file_without_a_folder_is_of_this_one(void **state)
{
    struct plugin p;
    struct fault f;

    (void)state;
    assert_int_equal(chdir(BUILD "/plugins"), 0);
    assert_int_equal(plugin_open(&p, "shout.so", 0, &f), 0);
    assert_string_equal(p.path, "./shout.so");
    plugin_finish(&p);
}

static void newer_table_loses_its_tail(void **state)
{
    struct plugin p;
    struct fault f;

    (void)state;
    assert_int_equal(plugin_open(&p, FIXTURE("newer_table"), 0, &f), 0);
    assert_string_equal(p.table.version, "2.0");
    assert_int_equal(p.table.size, sizeof(struct gloss_plugin) + 16);
    plugin_finish(&p);
}

static void wrong_objects_are_refused(void **state)
{
    (void)state;
    check_open_refused(FIXTURE("wrong_abi"),
                       "plugin " FIXTURE("wrong_abi") " is built for ABI 7, this daemon has ABI 1: "
                                                      "build it against this version's "
                                                      "gloss/plugin.h");
    check_open_refused(FIXTURE("small_table"),
                       "plugin " FIXTURE("small_table") " has a table of 80 bytes, ABI 1 "
                                                        "has 88 at least: set its size "
                                                        "with GLOSS_PLUGIN");
    check_open_refused(FIXTURE("no_table"),
                       "plugin " FIXTURE("no_table") " has no table: it must export the symbol "
                                                     "gloss_plugin (GLOSS_PLUGIN in "
                                                     "gloss/plugin.h defines it)");
    check_open_refused(FIXTURE("undefined"),
                       "plugin " FIXTURE("undefined") " can't be loaded: undefined symbol: "
                                                      "no_such_function");
    check_open_refused(FIXTURE("bad_default"),
                       "plugin " FIXTURE("bad_default") " has a wrong table: options: the default "
                                                        "of \"limit\", \"much\", is not a number");
}

static void files_that_are_no_objects_are_refused(void **state)
{
    (void)state;
    check_open_refused(SOURCE "/tests/fixtures/faulty.c",
                       "plugin " SOURCE "/tests/fixtures/faulty.c is not a shared object: build it "
                       "with -shared -fPIC");
    check_open_refused(SOURCE "/tests/fixtures/ten_bytes.txt",
                       "plugin " SOURCE "/tests/fixtures/ten_bytes.txt is not a shared object: "
                       "build it with -shared -fPIC");
    check_open_refused("/nowhere.so",
                       "plugin /nowhere.so can't be opened: No such file or directory");
    check_open_refused(SOURCE "/tests", "plugin " SOURCE "/tests is not a file");
    check_open_refused("/dev/null", "plugin /dev/null is not a file");
}

/* The first n bytes of a plugin. */
static char *read_object(size_t n)
{
    char *bytes = malloc(n);
    int fd = open(FIXTURE("faulty"), O_RDONLY);

    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, n), n);
    close(fd);
    return bytes;
}

static void check_bytes_refused(const char *bytes, size_t n, const char *why)
{
    char path[] = "/tmp/test_plugin_XXXXXX", want[256];
    int fd = mkstemp(path);

    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
    snprintf(want, sizeof want, "plugin %s %s", path, why);
    check_open_refused(path, want);
    unlink(path);
}

/* As one sees it that is being copied into a plugin folder: the first part of it. */
static void object_cut_short_is_refused(void **state)
{
    char *bytes = read_object(4096);

    (void)state;
    for (size_t n = sizeof(ElfW(Ehdr)); n < 4096; n += 1000)
        check_bytes_refused(bytes, n,
                            "is cut short: copy it again (to another name, then rename it)");
    check_bytes_refused(bytes, sizeof(ElfW(Ehdr)) - 1,
                        "is not a shared object: build it with -shared -fPIC");
    check_bytes_refused(bytes, 0, "is not a shared object: build it with -shared -fPIC");
    free(bytes);
}

static void object_of_another_machine_is_refused(void **state)
{
    char *bytes = read_object(4096);
    ElfW(Ehdr) *head = (void *)bytes;

    (void)state;
    head->e_machine ^= 1;
    check_bytes_refused(bytes, 4096, "is built for another kind of machine: build it for this one");
    head->e_machine ^= 1;
    head->e_ident[EI_CLASS] ^= 3;
    check_bytes_refused(bytes, 4096, "is built for another kind of machine: build it for this one");
    free(bytes);
}

/* ---- looking for one */

static void plugin_is_found_in_the_first_folder_that_has_it(void **state)
{
    const char *const folders[] = {"/nowhere", BUILD "/tests/fixtures", BUILD "/plugins", NULL};
    struct fault f;
    char *path = plugin_find("shout", folders, &f);

    (void)state;
    assert_string_equal(path, BUILD "/plugins/shout.so");
    free(path);
    assert_null(plugin_find("shuot", folders, &f));
    assert_string_equal(f.text,
                        "no plugin \"shuot\" (shuot.so) in /nowhere (no such folder), " BUILD
                        "/tests/fixtures, " BUILD "/plugins; did you mean \"shout\"?");
    assert_null(plugin_find("zebra", folders + 2, &f));
    assert_string_equal(f.text, "no plugin \"zebra\" (zebra.so) in " BUILD
                                "/plugins: put it there, or add its folder to \"plugin_path\"");
    assert_null(plugin_find("zebra", folders + 3, &f));
    assert_string_equal(f.text, "no plugin \"zebra\": \"plugin_path\" names no folder to look in");
    assert_null(plugin_find("../plugins/shout", folders, &f));
    assert_string_equal(f.text, "\"../plugins/shout\" is no plugin's name: give the name alone, "
                                "and its folder in \"plugin_path\"");
}

/* ---- tables */

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    (void)h;
    (void)self;
    (void)doc;
    return GLOSS_OK;
}

#define TABLE(...)                                                                                 \
    (struct gloss_plugin)                                                                          \
    {                                                                                              \
        .abi = GLOSS_ABI, .size = sizeof(struct gloss_plugin), .name = "it", .version = "1",       \
        .summary = "s", __VA_ARGS__                                                                \
    }

static void check_table(struct gloss_plugin table, const char *want)
{
    struct fault f = {""};

    assert_int_equal(table_check(&table, &f), *want ? -1 : 0);
    assert_string_equal(f.text, want);
}

static void tables_are_checked(void **state)
{
    struct gloss_plugin t = TABLE(.process = process);

    (void)state;
    check_table(t, "");
    check_table(TABLE(.process = NULL), "process is missing");
    t.name = "It";
    check_table(t, "its name, \"It\", is none (a-z 0-9 _, a letter first)");
    t.name = NULL;
    check_table(t, "its name, \"\", is none (a-z 0-9 _, a letter first)");
    t.name = "it";
    t.version = NULL;
    check_table(t, "version is missing");
    t.version = "1";
    t.summary = "\xff";
    check_table(t, "summary is not UTF-8");
    check_table(TABLE(.process = process, .needs = GLOSS_LAYERS("a", "B")),
                "needs: \"B\" is no name (a-z 0-9 _, a letter first)");
    check_table(TABLE(.process = process, .wants = GLOSS_LAYERS("own"),
                      .provides = GLOSS_PROVIDES({"own", GLOSS_ONE, "h"})),
                "wants: it provides the layer \"own\" itself");
}

static void layers_of_tables_are_checked(void **state)
{
    (void)state;
    check_table(TABLE(.process = process, .provides = GLOSS_PROVIDES({"run", GLOSS_ONE, "h"})),
                "provides: \"run\" is a name the daemon writes itself");
    check_table(TABLE(.process = process, .provides = GLOSS_PROVIDES({"1st", GLOSS_ONE, "h"})),
                "provides: \"1st\" is no name (a-z 0-9 _, a letter first)");
    check_table(TABLE(.process = process,
                      .provides = GLOSS_PROVIDES({"a", GLOSS_ONE, "h"}, {"a", GLOSS_MANY, "h"})),
                "provides: \"a\" stands there twice");
    check_table(
        TABLE(.process = process, .provides = GLOSS_PROVIDES({"a", GLOSS_ONE | GLOSS_MANY, "h"})),
        "provides: \"a\" must be either GLOSS_ONE or GLOSS_MANY");
    check_table(TABLE(.process = process, .provides = GLOSS_PROVIDES({"a", GLOSS_NOTEXT, "h"})),
                "provides: \"a\" must be either GLOSS_ONE or GLOSS_MANY");
    check_table(TABLE(.process = process, .provides = GLOSS_PROVIDES({"a", GLOSS_ONE, NULL})),
                "the help of a layer is missing");
}

static void options_of_tables_are_checked(void **state)
{
    (void)state;
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a-b", GLOSS_STR, "", "h"})),
                "options: \"a-b\" is no name (a-z 0-9 _, a letter first)");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", GLOSS_STR, "", "h"},
                                                                   {"a", GLOSS_STR, "", "h"})),
                "options: \"a\" stands there twice");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", 9, "", "h"})),
                "options: \"a\" has the type 9, which is none");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", 0, "", "h"})),
                "options: \"a\" has the type 0, which is none");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", GLOSS_NUM, "1e999", "h"})),
                "options: the default of \"a\", \"1e999\", is not a number");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", GLOSS_BOOL, "yes", "h"})),
                "options: the default of \"a\", \"yes\", is not true or false");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", GLOSS_NUM, "-0.5", ""})),
                "the help of an option is missing");
    check_table(TABLE(.process = process, .options = GLOSS_OPTIONS({"a", GLOSS_NUM, NULL, "h"})),
                "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_plugin_is_opened),
        cmocka_unit_test(file_without_a_folder_is_of_this_one),
        cmocka_unit_test(newer_table_loses_its_tail),
        cmocka_unit_test(wrong_objects_are_refused),
        cmocka_unit_test(files_that_are_no_objects_are_refused),
        cmocka_unit_test(object_cut_short_is_refused),
        cmocka_unit_test(object_of_another_machine_is_refused),
        cmocka_unit_test(plugin_is_found_in_the_first_folder_that_has_it),
        cmocka_unit_test(tables_are_checked),
        cmocka_unit_test(layers_of_tables_are_checked),
        cmocka_unit_test(options_of_tables_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
