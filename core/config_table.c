/* SPDX-License-Identifier: Apache-2.0
 *
 * config_table.c - every key of the configuration: its kind, default, range and
 * help. The hard rule: a key that is not here does not exist. The man page
 * glossd.json(5) tells the same to people.
 */
#include "config_parts.h"

#include <stddef.h>

#define AT(member)  .offset = offsetof(struct config, member)
#define IN(member)  .offset = offsetof(struct config_entry, member)
#define SAFE_NUMBER 9007199254740991u /* the greatest that every JSON reader keeps */
#define HOUR_MS     3600000u
#define DAY_S       86400u

static const struct config_key endpoint_keys[] = {
    {"pull", KIND_ENDPOINT, AT(endpoints.pull), .def = "\"tcp://127.0.0.1:7101\"",
     .help = "PULL: documents come in, without an answer. \"\" is off."},
    {"ack", KIND_ENDPOINT, AT(endpoints.ack), .def = "\"tcp://127.0.0.1:7102\"",
     .help = "ROUTER, for REQ and DEALER: documents come in, each answered. \"\" is off."},
    {"publish", KIND_ENDPOINT, AT(endpoints.publish), .def = "\"tcp://127.0.0.1:7103\"",
     .help = "XPUB, for SUB: enriched documents go out. \"\" is off."},
    {"replay", KIND_ENDPOINT, AT(endpoints.replay), .def = "\"tcp://127.0.0.1:7104\"",
     .help = "ROUTER: what was published is asked for again. \"\" is off."},
    {0},
};

static const struct config_key limit_keys[] = {
    {"document_bytes", KIND_COUNT64, AT(limits.document_bytes), .def = "67108864", .min = 1,
     .max = CONFIG_DOCUMENT_MOST,
     .help = "Size of a document above which it is rejected as too_large."},
    {"in_flight_documents", KIND_COUNT64, AT(limits.in_flight_documents), .def = "1000", .min = 1,
     .max = INT32_MAX,
     .help = "Documents accepted and not yet published; when there are that many, nothing more "
             "is read and senders wait."},
    {"in_flight_bytes", KIND_COUNT64, AT(limits.in_flight_bytes), .def = "268435456", .min = 1,
     .max = SAFE_NUMBER, .help = "The same, as the memory they take: about twice their length."},
    /* glossd's own plugins map 60 MiB with their models, before any document. */
    {"worker_bytes", KIND_COUNT64, AT(limits.worker_bytes), .def = "4294967296", .min = 64u << 20,
     .or_zero = true, .max = SAFE_NUMBER,
     .help = "Memory a worker may map, models included; 0 is no limit. A document takes up to 30 "
             "times its length."},
    {"subscriber_documents", KIND_COUNT64, AT(limits.subscriber_documents), .def = "10000",
     .min = 1, .max = INT32_MAX,
     .help = "Documents queued for a subscriber that does not keep up; further ones are dropped "
             "for it."},
    {"subscriber_bytes", KIND_COUNT64, AT(limits.subscriber_bytes), .def = "134217728", .min = 1,
     .max = SAFE_NUMBER,
     .help = "Bytes of documents that wait for subscribers, and as replies: where more do, who is "
             "slowest to read is disconnected."},
    {0},
};

static const struct config_choice durabilities[] = {
    {"auto", 0}, {"none", 0}, {"memory", 0}, {"commit", 0}, {0}};
static const struct config_key spool_keys[] = {
    {"path", KIND_FOLDER, AT(spool.path), .def = "\"\"",
     .help = "The file accepted documents are kept in, with durability commit; by default "
             "spool.db in the state folder that systemd gives the service."},
    {"durability", KIND_WORD, AT(spool.durability), .def = "\"auto\"", .choices = durabilities,
     .help = "What an accepted document survives. memory: a crash of a worker; commit: also "
             "that of the daemon, and of the machine. auto: commit where there is a path or "
             "systemd gives a state folder, else memory. none: as memory, and nothing is kept "
             "for replay, duplicates and dead letters."},
    {"keep_hours", KIND_COUNT64, AT(spool.keep_hours), .def = "168", .max = 1000000,
     .help = "How long what was published is kept for replay."},
    {"keep_bytes", KIND_COUNT64, AT(spool.keep_bytes), .def = "67108864", .max = SAFE_NUMBER,
     .help = "How much of what was published is kept for replay."},
    {"keep_dead_hours", KIND_COUNT64, AT(spool.keep_dead_hours), .def = "720", .max = 1000000,
     .help = "How long dead letters are kept."},
    {"keep_dead_bytes", KIND_COUNT64, AT(spool.keep_dead_bytes), .def = "67108864",
     .max = SAFE_NUMBER, .help = "How much of dead letters is kept."},
    {0},
};

static const struct config_choice units[] = {
    {"codepoint", UTF8_CODEPOINTS}, {"byte", UTF8_BYTES}, {"utf16", UTF8_UTF16}, {0}};
static const struct config_choice levels[] = {
    {"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN}, {"error", LOG_ERROR}, {0}};

#define ENGLISH "\"when\": {\"language\": [\"en\"]}"

const struct config_key config_keys[] = {
    {"endpoints", KIND_GROUP, .def = "{}", .keys = endpoint_keys,
     .help = "ZeroMQ addresses the daemon listens on."},
    {"workers", KIND_COUNT32, AT(workers), .min = 1, .max = 256,
     .help = "Worker processes; by default one for each processor."},
    {"limits", KIND_GROUP, .def = "{}", .keys = limit_keys, .help = "What is too much."},
    {"drain_ms", KIND_COUNT32, AT(drain_ms), .def = "10000", .max = HOUR_MS,
     .help = "How long SIGTERM waits for documents in flight."},
    {"spool", KIND_GROUP, .def = "{}", .keys = spool_keys,
     .help = "Where documents are between being accepted and being published."},
    {"plugin_path", KIND_FOLDERS, AT(plugin_path),
     .help = "Folders in which plugins are looked for, in this order."},
    {"model_path", KIND_FOLDERS, AT(model_path),
     .help = "Folders in which plugins look for their models, in this order."},
    {"drop_in", KIND_FOLDERS, AT(drop_in),
     .help = "Folders of which every plugin is run, without being named in the pipeline."},
    {"plugins_d", KIND_FOLDER, AT(plugins_d),
     .help = "A folder of pipeline entries, one a file, named *.json; by default plugins.d beside "
             "the configuration file, where there is one."},
    {"offsets", KIND_CHOICE, AT(offsets), .def = "\"codepoint\"", .choices = units,
     .help = "What start and end count in what is published."},
    {"topic", KIND_TOPIC, AT(topic), .def = "\"{language}.{source}.\"",
     .help = "The topic a document is published under: {LAYER} is the first label of a layer, "
             "{source} the document's source."},
    {"log", KIND_CHOICE, AT(log_level), .def = "\"info\"", .choices = levels,
     .help = "The least weight of what is logged."},
    {"pipeline", KIND_PIPELINE, AT(pipeline),
     .def = "[{\"plugin\": \"language\"}, {\"plugin\": \"dateline\"}, "
            "{\"plugin\": \"entities\", " ENGLISH "}, {\"plugin\": \"sentiment\", " ENGLISH "}]",
     .help = "The plugins to run. Their order follows from what they need of each other, then "
             "from this list."},
    {0},
};

static const struct config_choice on_errors[] = {
    {"publish", CONFIG_PUBLISH}, {"dead", CONFIG_DEAD}, {0}};

static const struct config_choice allows[] = {
    {"network", CONFIG_NETWORK}, {"exec", CONFIG_EXEC}, {"files", CONFIG_FILES}, {0}};

const struct config_key config_entry_keys[] = {
    {"plugin", KIND_PLUGIN, IN(plugin),
     .help = "The plugin's name, or the path of its shared object (ends in .so)."},
    {"when", KIND_WHEN, IN(when), .def = "{}",
     .help = "Run it only where the first label of each of these layers is one of those listed."},
    {"timeout_ms", KIND_COUNT32, IN(timeout_ms), .def = "5000", .min = 1, .max = HOUR_MS,
     .help = "How long it may take over a document, and as long again for each MiB of its text; at "
             "twice that its worker is killed."},
    {"on_error", KIND_CHOICE, IN(on_error), .def = "\"publish\"", .choices = on_errors,
     .help = "What becomes of a document on which it fails: published without its layers and with "
             "a note, or kept as a dead letter."},
    {"off_after", KIND_COUNT32, IN(off_after), .def = "10", .max = 1000000,
     .help = "Failures in a row, crashes and errors it reports, after which it is switched off; 0 "
             "is never."},
    {"retry_s", KIND_COUNT32, IN(retry_s), .def = "60", .min = 1, .max = DAY_S,
     .help = "Seconds until one that is switched off is tried again, with one document."},
    {"allow", KIND_WORDS, IN(allow), .def = "[]", .choices = allows,
     .help = "What its workers may do beside computing and reading files: use the network, start "
             "programs and threads (exec), write files."},
    {"as", KIND_AS, IN(as), .def = "{}",
     .help = "Another name for the one layer it writes, or names by layer."},
    {"options", KIND_OPTIONS, IN(options), .def = "{}",
     .help = "The plugin's own options; `gloss plugins NAME` lists them."},
    {0},
};
