/* SPDX-License-Identifier: Apache-2.0
 *
 * schema.c - `gloss schema`: JSON Schemas for editors and tests. The hard rule: the
 * document's is docs/enriched.schema.json, byte for byte; make puts it in here.
 */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] = "usage: gloss schema [--document]\n"
                           "Prints the JSON Schema (2020-12) of the configuration.\n\n"
                           "  -d, --document  that of the enriched document instead\n"
                           "  -h, --help      this text\n";

static const char document[] =
#include "cli/enriched_schema.inc"
    ;

static int print_config(void)
{
    char *text = config_schema();

    if (!text)
        return cli_error(CLI_FAILED, "schema", "there is no memory for it");
    puts(text);
    free(text);
    return CLI_OK;
}

int cli_schema(int argc, char **argv)
{
    static const struct option options[] = {
        {"document", no_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool of_document = false;
    int o;

    while ((o = getopt_long(argc, argv, "dh", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (o != 'd')
            return cli_usage_hint("schema");
        of_document = true;
    }
    if (optind < argc)
        return cli_usage("schema", "no argument is taken");
    if (!of_document)
        return print_config();
    fputs(document, stdout);
    return CLI_OK;
}
