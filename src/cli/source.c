/* source.c - see source.h. */
#include "cli/source.h"

#include "cli/payload.h"
#include "cli/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint8_t *file_load(const struct arguments *a, size_t *size)
{
    char why[128];
    uint8_t *loaded = payload_load(a->text, size, why, sizeof why);
    if (loaded == NULL) {
        trouble_print(a,
                      "Error: Unable to read file \"%s\": %s.\nError loading "
                      "input file \"%s\".\n",
                      a->text, why, a->text);
    }
    return loaded;
}

static uint8_t *stdin_load(const struct arguments *a, size_t *size)
{
    char why[128] = "Zero length input";
    uint8_t *loaded = payload_read(STDIN_FILENO, size, why, sizeof why);
    if (loaded != NULL && *size > 0) return loaded;
    trouble_print(a, "Error: %s.\nError loading input from stdin.\n", why);
    free(loaded);
    return NULL;
}

bool source_load(const struct arguments *a, struct mogi_bytes *payload,
                 uint8_t **loaded)
{
    size_t size = 0;
    *loaded = NULL;
    *payload = (struct mogi_bytes){NULL, 0};
    switch (a->source) {
    case SOURCE_TEXT: *payload = mogi_text(a->text); return true;
    case SOURCE_FILE: *loaded = file_load(a, &size); break;
    case SOURCE_STDIN: *loaded = stdin_load(a, &size); break;
    default: return true;
    }
    *payload = (struct mogi_bytes){*loaded, size};
    return *loaded != NULL;
}
