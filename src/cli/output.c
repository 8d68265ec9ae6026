/* output.c - see output.h. */
#include "cli/output.h"

#include "cli/format.h"
#include "cli/trouble.h"

#include <time.h>

static void formatted_print(const struct arguments *a,
                            const struct mogi_message *m)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const char *wanted = format_print(stdout, a->format, a->pretty, m, &now);
    if (wanted == NULL) return;
    trouble_print(a, "Error: Message payload is not %s on topic %.*s.\n",
                  wanted, (int)m->topic.size, (const char *)m->topic.data);
}

/* A plain message that is empty leaves no line. */
static bool plain_print(const struct arguments *a, const struct mogi_message *m)
{
    bool empty = m->payload.size == 0;
    if (empty && (!a->verbose || a->no_end_of_line)) return false;
    if (a->verbose) {
        (void)fwrite(m->topic.data, 1, m->topic.size, stdout);
        (void)fputs(empty ? " (null)" : " ", stdout);
    }
    (void)fwrite(m->payload.data, 1, m->payload.size, stdout);
    return true;
}

void output_message(const struct arguments *a, const struct mogi_message *m)
{
    if (a->format != NULL) {
        formatted_print(a, m);
    } else if (!plain_print(a, m)) {
        return;
    }
    if (!a->no_end_of_line) (void)putchar('\n');
}
