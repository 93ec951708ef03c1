/* SPDX-License-Identifier: Apache-2.0
 *
 * test_config.c - what is taken, what is refused and how it is said (folder
 * config), defaults, folders, and that a dump is what was dumped. */
#include "config.h"
#include "support/cases.h"
#include "support/folder.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int parse(struct config *c, const char *text, struct fault *f)
{
    return config_parse(c, "c.json", text, strlen(text), f);
}

static void parse_good(struct config *c, const char *text)
{
    struct fault f = {""};

    if (parse(c, text, &f))
        fail_msg("%s", f.text);
}

static void load_good(struct config *c, const char *file)
{
    struct fault f = {""};

    if (config_load(c, file, &f))
        fail_msg("%s", f.text);
}

static char *run_case(const char *path, const char *input, size_t n)
{
    struct config c;
    struct fault f = {""};
    bool good = config_parse(&c, "c.json", input, n, &f) == 0;

    (void)path;
    if (good)
        config_finish(&c);
    return strdup(good ? "accepted" : f.text);
}

static void cases(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/unit/config", run_case);
}

/* ---- defaults */

static void defaults(void **state)
{
    struct config c;

    (void)state;
    load_good(&c, NULL);
    assert_null(c.file);
    assert_string_equal(c.endpoints.pull, "tcp://127.0.0.1:7101");
    assert_string_equal(c.endpoints.ack, "tcp://127.0.0.1:7102");
    assert_string_equal(c.endpoints.publish, "tcp://127.0.0.1:7103");
    assert_string_equal(c.endpoints.replay, "tcp://127.0.0.1:7104");
    assert_true(c.workers >= 1 && c.workers <= 256);
    assert_int_equal(c.limits.document_bytes, 67108864);
    assert_int_equal(c.limits.in_flight_documents, 1000);
    assert_int_equal(c.limits.in_flight_bytes, 268435456);
    assert_int_equal(c.limits.worker_bytes, UINT64_C(4294967296));
    assert_int_equal(c.limits.subscriber_documents, 10000);
    assert_int_equal(c.limits.subscriber_bytes, 134217728);
    assert_int_equal(c.drain_ms, 10000);
    assert_string_equal(c.spool.path, "");
    assert_string_equal(c.spool.durability, "memory");
    assert_string_equal(c.plugins_d, "");
    assert_int_equal(c.offsets, UTF8_CODEPOINTS);
    assert_string_equal(c.topic, "{language}.{source}.");
    assert_int_equal(c.log_level, LOG_INFO);
    config_finish(&c);
}

static void spool_is_where(const char *text, const char *durability, const char *path)
{
    struct config c;

    parse_good(&c, text);
    assert_string_equal(c.spool.durability, durability);
    assert_string_equal(c.spool.path, path);
    config_finish(&c);
}

/* systemd gives the service a folder: there it is committed to disk. */
static void spool_under_systemd(void **state)
{
    static const char own[] = "{\"spool\": {\"path\": \"/srv/own.db\"}}";

    (void)state;
    spool_is_where("{}", "memory", "");
    spool_is_where(own, "commit", "/srv/own.db");
    setenv("STATE_DIRECTORY", "/var/lib/glossd:/var/lib/other", 1);
    spool_is_where("{}", "commit", "/var/lib/glossd/spool.db");
    spool_is_where(own, "commit", "/srv/own.db");
    spool_is_where("{\"spool\": {\"durability\": \"memory\"}}", "memory", "");
    spool_is_where("{\"spool\": {\"durability\": \"none\"}}", "none", "");
    unsetenv("STATE_DIRECTORY");
}

static void default_pipeline(void **state)
{
    static const char *const names[] = {"language", "dateline", "entities", "sentiment"};
    struct config c;

    (void)state;
    parse_good(&c, "{}");
    assert_int_equal(c.n_pipeline, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct config_entry *e = &c.pipeline[i];
        char where[32];
        snprintf(where, sizeof where, "pipeline[%zu]", i);
        assert_string_equal(e->plugin, names[i]);
        assert_string_equal(e->where, where);
        assert_null(e->file);
        assert_int_equal(e->timeout_ms, 5000);
        assert_int_equal(e->on_error, CONFIG_PUBLISH);
        assert_int_equal(e->allow, 0);
        assert_int_equal(e->off_after, 10);
        assert_int_equal(e->retry_s, 60);
        assert_int_equal(e->n_when, i < 2 ? 0 : 1);
        assert_int_equal(e->n_as + e->n_options, 0);
    }
    assert_string_equal(c.pipeline[2].when[0].layer, "language");
    assert_string_equal(c.pipeline[2].when[0].labels[0], "en");
    assert_null(c.pipeline[2].when[0].labels[1]);
    config_finish(&c);
}

/* The dump without what says where it came from. */
static json_t *essence(const struct config *c)
{
    char *text = config_dump(c);
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;

    assert_non_null(json);
    json_object_del(json, "(dump)");
    free(text);
    return json;
}

static void shipped_file_holds_every_default(void **state)
{
    struct config c, d;
    json_t *shipped, *none, *file;
    const char *key;
    json_t *value;

    (void)state;
    load_good(&c, SOURCE "/config/glossd.json");
    parse_good(&d, "{}");
    file = json_load_file(SOURCE "/config/glossd.json", 0, NULL);
    shipped = essence(&c);
    none = essence(&d);
    json_object_foreach(none, key, value) if (!json_object_get(file, key))
        fail_msg("config/glossd.json lacks %s", key);
    json_object_del(shipped, "plugins_d"); /* is beside that file */
    json_object_del(none, "plugins_d");
    assert_true(json_equal(shipped, none));
    json_decref(file);
    json_decref(shipped);
    json_decref(none);
    config_finish(&c);
    config_finish(&d);
}

static void examples_are_good(void **state)
{
    static const char *const names[] = {"english-news", "exec", "one-plugin", "wire-service"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct config c;
        struct fault f;
        char path[256], *text;
        size_t n;
        snprintf(path, sizeof path, SOURCE "/config/examples/%s.json", names[i]);
        text = cases_slurp(path, &n);
        if (config_parse(&c, path, text, n, &f))
            fail_msg("%s", f.text);
        config_finish(&c);
        free(text);
    }
}

/* ---- entries */

static void entry_is_read(void **state)
{
    struct config c;
    const struct config_entry *e;

    (void)state;
    parse_good(&c, "{\"pipeline\":[{\"plugin\":\"a\",\"when\":{\"language\":[\"en\",\"de\"]},"
                   "\"timeout_ms\":7,\"on_error\":\"dead\",\"as\":{\"sentiment\":\"tone\"},"
                   "\"allow\":[\"files\",\"network\"],\"off_after\":0,\"retry_s\":5,"
                   "\"options\":{\"s\":\"x\",\"n\":1.5,\"b\":true,\"none\":null,\"l\":[\"p\"]}},"
                   "{\"plugin\":\"/p/q.so\",\"as\":\"z\"}]}");
    e = c.pipeline;
    assert_int_equal(e->timeout_ms, 7);
    assert_int_equal(e->on_error, CONFIG_DEAD);
    assert_int_equal(e->allow, CONFIG_FILES | CONFIG_NETWORK);
    assert_int_equal(e->off_after, 0);
    assert_int_equal(e->retry_s, 5);
    assert_string_equal(e->when[0].labels[1], "de");
    assert_string_equal(e->as[0].layer, "sentiment");
    assert_string_equal(e->as[0].as, "tone");
    assert_int_equal(e->n_options, 4);
    assert_string_equal(e->options[0].str, "x");
    assert_true(e->options[1].num == 1.5);
    assert_int_equal(e->options[2].type, CONFIG_BOOL);
    assert_true(e->options[2].flag);
    assert_string_equal(e->options[3].key, "l");
    assert_string_equal(e->options[3].list[0], "p");
    assert_null(e->options[3].list[1]);
    e++;
    assert_string_equal(e->plugin, "q");
    assert_string_equal(e->file, "/p/q.so");
    assert_int_equal(e->n_as, 1);
    assert_null(e->as[0].layer);
    config_finish(&c);
}

/* ---- folders */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    FILE *to;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    to = fopen(path, "we");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static const char *at(char *path, const char *folder, const char *name)
{
    snprintf(path, 512, "%s/%s", folder, name);
    return path;
}

static void assert_path(const char *got, const char *folder, const char *name)
{
    char want[512];

    assert_string_equal(got, at(want, folder, name));
}

static void paths_begin_in_the_files_folder(void **state)
{
    char *folder = folder_make(), path[512];
    struct config c;

    (void)state;
    folder_add(folder, "p");
    write_file(folder, "c.json",
               "{\"plugin_path\":[\"p\"],\"model_path\":[\"/\"],"
               "\"pipeline\":[{\"plugin\":\"x/y.so\"}],\"drop_in\":[]}");
    load_good(&c, at(path, folder, "c.json"));
    assert_path(c.plugin_path[0], folder, "p");
    assert_null(c.plugin_path[1]);
    assert_string_equal(c.model_path[0], "/");
    assert_path(c.pipeline[0].file, folder, "x/y.so");
    config_finish(&c);
    folder_remove(folder);
}

static void check_refused(const char *file, const char *want)
{
    struct config c;
    struct fault f = {""};

    assert_int_equal(config_load(&c, file, &f), -1);
    assert_string_equal(f.text, want);
}

static void missing_folders_are_refused(void **state)
{
    static const struct {
        const char *text, *at, *name;
    } cases[] = {
        {"{\"plugin_path\":[\"/\",\n\"gone\"]}", "2:1: plugin_path[1]", "gone"},
        {"{\"model_path\":[\"gone\"]}", "1:16: model_path[0]", "gone"},
        {"{\"drop_in\":[\"gone\"]}", "1:13: drop_in[0]", "gone"},
        {"{\"plugins_d\":\"gone\"}", "1:2: plugins_d", "gone"},
    };
    char *folder = folder_make(), path[512], want[2048];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(folder, "c.json", cases[i].text);
        at(path, folder, "c.json");
        snprintf(want, sizeof want,
                 "%s:%s: the folder %s/%s is not there; make it, or leave it out", path,
                 cases[i].at, folder, cases[i].name);
        check_refused(path, want);
    }
    folder_remove(folder);
}

static void missing_file_is_refused(void **state)
{
    (void)state;
    check_refused("/nowhere/c.json", "/nowhere/c.json: can't be read: No such file or directory");
    check_refused("/", "/: is not a regular file: write the configuration into one, or take this "
                       "away");
}

static void entries_come_from_folders(void **state)
{
    char *folder = folder_make(), path[512];
    struct config c;

    (void)state;
    folder_add(folder, "plugins.d");
    folder_add(folder, "drop");
    folder_add(folder, "p");
    write_file(folder, "c.json",
               "{\"pipeline\":[{\"plugin\":\"a\"},{\"plugin\":\"b\"}],\"drop_in\":[\"drop\"],"
               "\"plugin_path\":[\"p\"]}");
    write_file(folder, "plugins.d/20-late.json", "{\"plugin\":\"late\"}");
    write_file(folder, "plugins.d/10.json", "{\"timeout_ms\":9}");
    write_file(folder, "plugins.d/README", "no entry");
    write_file(folder, "plugins.d/.hidden.json", "no entry");
    write_file(folder, "p/a.so", "");
    write_file(folder, "drop/a.so", "");
    write_file(folder, "drop/b.so", "");
    write_file(folder, "drop/z.so", "");
    write_file(folder, "drop/notes.txt", "");
    load_good(&c, at(path, folder, "c.json"));
    assert_path(c.plugins_d, folder, "plugins.d");
    assert_int_equal(c.n_pipeline, 5);
    assert_null(c.pipeline[0].file); /* the plugin path has it */
    assert_path(c.pipeline[1].file, folder, "drop/b.so");
    assert_string_equal(c.pipeline[2].plugin, "10");
    assert_int_equal(c.pipeline[2].timeout_ms, 9);
    assert_string_equal(c.pipeline[2].where, "plugins.d/10.json");
    assert_string_equal(c.pipeline[3].plugin, "late");
    assert_string_equal(c.pipeline[4].plugin, "z");
    assert_path(c.pipeline[4].file, folder, "drop/z.so");
    assert_path(c.pipeline[4].where, folder, "drop/z.so");
    config_finish(&c);
    folder_remove(folder);
}

static void faults_in_plugins_d_name_its_file(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\n \"option\": {}}", "2:2: option: there is no such key; did you mean \"options\"?"},
        {"{", "1:1: this is not JSON: string or '}' expected near end of file"},
        {"[]", "1:1: is an array, must be an object"},
    };
    char *folder = folder_make(), path[512], want[1024];

    (void)state;
    folder_add(folder, "plugins.d");
    write_file(folder, "c.json", "{}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(folder, "plugins.d/x.json", cases[i].text);
        snprintf(want, sizeof want, "%s/plugins.d/x.json:%s", folder, cases[i].why);
        check_refused(at(path, folder, "c.json"), want);
    }
    folder_remove(folder);
}

/* ---- one and another */

static void note_refused(void *owner, const char *where, const char *why, bool kept)
{
    char *said = owner;
    size_t n = strlen(said);

    snprintf(said + n, 1024 - n, "%s %s: %s\n", kept ? "kept" : "out", where,
             strrchr(why, '/') ? strrchr(why, '/') + 1 : why);
}

static void load_sparing(struct config *c, const char *file, const struct config *before,
                         char *said)
{
    const struct config_spare spare = {before, note_refused, said};
    struct fault f;

    *said = '\0';
    if (config_load_sparing(c, file, &spare, &f))
        fail_msg("%s", f.text);
}

static void broken_entries_are_left_out_or_kept(void **state)
{
    char *folder = folder_make(), path[512], said[1024];
    struct config c, d, e;

    (void)state;
    folder_add(folder, "plugins.d");
    folder_add(folder, "drop");
    write_file(folder, "c.json", "{\"pipeline\":[{\"plugin\":\"a\"}],\"drop_in\":[\"drop\"]}");
    write_file(folder, "plugins.d/10.json",
               "{\"plugin\":\"x\",\"when\":{\"l\":[\"en\"]},"
               "\"as\":\"y\",\"options\":{\"k\":[\"v\"]}}");
    write_file(folder, "plugins.d/20.json", "{\"timeout\":1}");
    write_file(folder, "plugins.d/z.json", "{");
    write_file(folder, "drop/z.so", ""); /* its entry is broken: not run with defaults */
    write_file(folder, "drop/u.so", "");
    load_sparing(&c, at(path, folder, "c.json"), NULL, said);
    assert_string_equal(said,
                        "out plugins.d/20.json: 20.json:1:2: timeout: there is no such key; did "
                        "you mean \"timeout_ms\"?\n"
                        "out plugins.d/z.json: z.json:1:1: this is not JSON: string or '}' "
                        "expected near end of file\n");
    assert_int_equal(c.n_pipeline, 3);
    assert_string_equal(c.pipeline[1].plugin, "x");
    assert_string_equal(c.pipeline[2].plugin, "u");
    assert_false(config_is_found(&c.pipeline[0]));
    assert_true(config_is_found(&c.pipeline[1]) && config_is_found(&c.pipeline[2]));
    /* The same broken: what it was stays, at its place. */
    write_file(folder, "plugins.d/10.json", "[]");
    load_sparing(&d, path, &c, said);
    assert_non_null(strstr(said, "kept plugins.d/10.json: 10.json:1:1: is an array, must be an "
                                 "object\n"));
    assert_int_equal(d.n_pipeline, 3);
    assert_true(config_same_entry(&c.pipeline[1], &d.pipeline[1]));
    assert_true(config_same(&c, &d));
    write_file(folder, "plugins.d/20.json", "{}");
    load_sparing(&e, path, &c, said);
    assert_false(config_same(&c, &e));
    assert_int_equal(config_find_entry(&e, "plugins.d/20.json"), 2);
    assert_int_equal(config_find_entry(&e, "plugins.d/30.json"), 4);
    config_remove_entry(&e, 2);
    assert_true(config_same(&c, &e));
    assert_int_equal(config_put_entry(&e, 0, &c, 1, NULL), 0);
    assert_true(config_same_entry(&e.pipeline[0], &e.pipeline[1]));
    config_finish(&c);
    config_finish(&d);
    config_finish(&e);
    folder_remove(folder);
}

static void plugins_are_found_in_the_path(void **state)
{
    char *folder = folder_make(), path[512];
    struct config c;
    struct fault f;

    (void)state;
    folder_add(folder, "p");
    write_file(folder, "c.json",
               "{\"pipeline\":[{\"plugin\":\"a\"},{\"plugin\":\"b\"}],"
               "\"plugin_path\":[\"p\"]}");
    write_file(folder, "p/a.so", "");
    load_good(&c, at(path, folder, "c.json"));
    assert_int_equal(config_find_plugins(&c, &f), 0);
    assert_path(c.pipeline[0].file, folder, "p/a.so");
    assert_string_equal(c.pipeline[0].plugin, "a");
    assert_null(c.pipeline[1].file);
    config_finish(&c);
    folder_remove(folder);
}

/* ---- faults found later */

static void check_fault(const struct config *c, const char *path, const char *want)
{
    struct fault f = {"is wrong"};

    assert_int_equal(config_fault(c, path, &f), -1);
    assert_string_equal(f.text, want);
}

static const char located[] = "{\"log\" : \"info\", \"pipeline\": [\n"
                              "  {\"plugin\": \"a\"},\n"
                              "  {\"options\" :{ \"a\\\"}\":\"]\", \"b\" : [\"x\", \"y\"],\n"
                              "     \"é\": -1.5e3, \"c\":true}, \"plugin\":\"b\"}]}";

static void faults_are_located(void **state)
{
    struct config c;

    (void)state;
    parse_good(&c, located);
    check_fault(&c, "", "c.json:1:1: is wrong");
    check_fault(&c, "log", "c.json:1:2: log: is wrong");
    check_fault(&c, "pipeline", "c.json:1:18: pipeline: is wrong");
    check_fault(&c, "pipeline[0]", "c.json:2:3: pipeline[0]: is wrong");
    check_fault(&c, "pipeline[1]", "c.json:3:3: pipeline[1]: is wrong");
    check_fault(&c, "pipeline[1].options.b", "c.json:3:29: pipeline[1].options.b: is wrong");
    check_fault(&c, "pipeline[1].options.b[1]", "c.json:3:41: pipeline[1].options.b[1]: is wrong");
    check_fault(&c, "pipeline[1].options.c", "c.json:4:19: pipeline[1].options.c: is wrong");
    check_fault(&c, "pipeline[1].plugin", "c.json:4:30: pipeline[1].plugin: is wrong");
    check_fault(&c, "pipeline[1].options.d", "c.json:3:4: pipeline[1].options.d: is wrong");
    check_fault(&c, "pipeline[7].when", "c.json:1:18: pipeline[7].when: is wrong");
    check_fault(&c, "workers", "c.json:1:1: workers: is wrong");
    check_fault(&c, "/drop/z.so", "/drop/z.so: is wrong");
    assert_int_equal(config_fault(&c, "log", NULL), -1);
    config_finish(&c);
}

static void faults_of_defaults_have_no_file(void **state)
{
    struct config c, bare = {0};

    (void)state;
    load_good(&c, NULL);
    check_fault(&c, "pipeline[0]", "pipeline[0]: is wrong");
    check_fault(&bare, "pipeline[0]", "pipeline[0]: is wrong");
    config_finish(&c);
    config_finish(&bare);
    config_finish(NULL);
}

/* ---- dumps */

static void dump_is_what_was_dumped(void **state)
{
    char *folder = folder_make(), path[512], want[1024], *text, *again;
    struct config c, d;
    struct fault f = {"is wrong"};

    (void)state;
    folder_add(folder, "plugins.d");
    folder_add(folder, "drop");
    write_file(
        folder, "c.json",
        "{\"pipeline\":[{\"plugin\":\"a\",\"options\":{\"n\":0.1,\"l\":[\"é\"],\"b\":false}},\n"
        "{\"plugin\":\"b.so\",\"as\":\"t\"}],\"drop_in\":[\"drop\"],\"offsets\":\"utf16\"}");
    write_file(folder, "plugins.d/x.json", "{\"as\":{\"y\":\"z\"},\n\"when\":{\"l\":[\"v\"]}}");
    write_file(folder, "drop/z.so", "");
    load_good(&c, at(path, folder, "c.json"));
    text = config_dump(&c);
    assert_non_null(text);
    assert_int_equal(config_parse(&d, "supervisor", text, strlen(text), &f), 0);
    again = config_dump(&d);
    assert_string_equal(again, text);
    assert_string_equal(d.file, path);
    assert_string_equal(d.pipeline[2].where, "plugins.d/x.json");
    config_fault(&d, "plugins.d/x.json.when", &f);
    snprintf(want, sizeof want, "%s/plugins.d/x.json:2:1: when: is wrong", folder);
    assert_string_equal(f.text, want);
    snprintf(want, sizeof want, "%s:2:2: pipeline[1].plugin: is wrong", path);
    check_fault(&d, "pipeline[1].plugin", want);
    free(text);
    free(again);
    config_finish(&c);
    config_finish(&d);
    folder_remove(folder);
}

static void false_dumps_are_refused(void **state)
{
    static const char *const texts[] = {
        "{\"(dump)\":1}",
        "{\"(dump)\":{\"sources\":[]}}",
        "{\"(dump)\":{\"sources\":[[\"\",null]]}}",
        "{\"(dump)\":{\"sources\":[[\"\",null,\"\"]],\"where\":[\"a\"]}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct config c;
        struct fault f = {""};
        assert_int_equal(parse(&c, texts[i], &f), -1);
        assert_string_equal(f.text, "(dump): is not what config_dump writes");
    }
}

/* ---- without memory */

static size_t left; /* allocations until one fails */

static void *scarce(size_t n)
{
    if (left == 0)
        return NULL;
    left--;
    return malloc(n);
}

/* Each allocation of Jansson's fails in turn: all comes out whole or not at all. */
static void every_allocation_fails_once(void **state)
{
    static const char text[] =
        "{\"pipeline\":[{\"plugin\":\"a\",\"when\":{\"l\":[\"x\"]},\"as\":{\"b\":\"c\"},"
        "\"options\":{\"s\":\"t\",\"n\":1.5,\"i\":2,\"l\":[\"u\"]}}],\"offsets\":\"byte\"}";
    struct config c, d;
    struct fault f;
    char *want_dump, *want_schema = config_schema();
    int whole = 0;

    (void)state;
    parse_good(&c, text);
    want_dump = config_dump(&c);
    json_set_alloc_funcs(scarce, free);
    for (size_t n = 0; whole < 3; n++) {
        char *dump, *schema;
        whole = 0;
        left = n;
        dump = config_dump(&c);
        left = n;
        schema = config_schema();
        left = n;
        if (config_parse(&d, "c.json", text, sizeof text - 1, &f) == 0) {
            config_finish(&d);
            whole++;
        }
        if (dump)
            assert_string_equal(dump, want_dump);
        if (schema)
            assert_string_equal(schema, want_schema);
        whole += !!dump + !!schema;
        free(dump);
        free(schema);
    }
    json_set_alloc_funcs(malloc, free);
    free(want_dump);
    free(want_schema);
    config_finish(&c);
}

/* ---- words */

static void nearest_word(void **state)
{
    static const char *const known[] = {"threshold", "model", "mode"};

    (void)state;
    assert_string_equal(config_nearest("treshold", known, 3), "threshold");
    assert_string_equal(config_nearest("modle", known, 3), "model");
    assert_string_equal(config_nearest("mode", known, 3), "mode");
    assert_string_equal(config_nearest("models", known, 3), "model");
    assert_null(config_nearest("colour", known, 3));
    assert_null(config_nearest("", known, 3));
    assert_null(config_nearest("model", known, 0));
}

static void schema_is_json(void **state)
{
    char *text = config_schema();
    json_t *json = json_loads(text, 0, NULL);

    (void)state;
    assert_non_null(json);
    assert_non_null(json_object_get(json_object_get(json, "properties"), "pipeline"));
    json_decref(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(defaults),
        cmocka_unit_test(spool_under_systemd),
        cmocka_unit_test(default_pipeline),
        cmocka_unit_test(shipped_file_holds_every_default),
        cmocka_unit_test(examples_are_good),
        cmocka_unit_test(entry_is_read),
        cmocka_unit_test(paths_begin_in_the_files_folder),
        cmocka_unit_test(missing_folders_are_refused),
        cmocka_unit_test(missing_file_is_refused),
        cmocka_unit_test(entries_come_from_folders),
        cmocka_unit_test(faults_in_plugins_d_name_its_file),
        cmocka_unit_test(broken_entries_are_left_out_or_kept),
        cmocka_unit_test(plugins_are_found_in_the_path),
        cmocka_unit_test(faults_are_located),
        cmocka_unit_test(faults_of_defaults_have_no_file),
        cmocka_unit_test(dump_is_what_was_dumped),
        cmocka_unit_test(false_dumps_are_refused),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(schema_is_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
