/* help.c - see help.h. */
#include "broker/help.h"

#include "broker/keys.h"

#include <string.h>

enum { INDENT = 8, COLUMNS = 78 };

static const char usage[] =
    "Usage: mogi broker [-c FILE] [-p PORT] [-v] [-d] [--KEY VALUE]...\n"
    "\n"
    "An MQTT broker. Without options it serves this machine on port 1883.\n"
    "\n"
    "  -c FILE        read FILE, in the dialect of mosquitto.conf\n"
    "  -p PORT        listen on PORT of this machine\n"
    "  -v             log everything (as --log_type all)\n"
    "  -d             go to the background\n"
    "  --test-config  check the configuration and end\n"
    "  -h, --help     print this\n"
    "  --version      print the version\n"
    "\n"
    "Every KEY below can stand in the file as \"KEY VALUE\", on the command\n"
    "line as --KEY VALUE or --KEY=VALUE, and in the environment as\n"
    "MOGI_KEY=VALUE. The command line wins over the environment, which wins\n"
    "over the file. SIGHUP reads the file again; keys marked * then wait for\n"
    "a restart.\n";

/* Print `text` in lines of COLUMNS, each behind INDENT spaces. */
static void text_print(FILE *to, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        if (column > 0 && column + 1 + size > COLUMNS) {
            (void)fputc('\n', to);
            column = 0;
        }
        if (column == 0) column = INDENT - 1;
        bool first = column == INDENT - 1;
        (void)fprintf(to, "%*s%.*s", first ? INDENT : 1, "", (int)size, text);
        column += 1 + size;
        text += size;
        text += strspn(text, " ");
    }
    (void)fputc('\n', to);
}

static void list_words(FILE *to, const struct key *key)
{
    for (const char *at = key->words; *at != '\0'; at++)
        (void)fputc(*at == ' ' ? '|' : *at, to);
}

void help_list(FILE *to)
{
    static const char *const scopes[] = {"broker", "listener", "entry",
                                         "bridge"};
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        const char *state = key->kind == KEY_NOTE ? "note" : "refused";
        const char *help = key->refused != NULL ? key->refused : key->help;
        if (key_is_live(key)) state = "works";
        (void)fprintf(to, "%s\t%s\t%s\t%s\t%s\t", key->name, key_subject(key),
                      state, scopes[key->scope],
                      key->reloadable ? "live" : "restart");
        if (key->kind == KEY_WORD) {
            list_words(to, key);
        } else {
            (void)fputs(key_form(key), to);
        }
        (void)fprintf(to, "\t%s\t%s\n",
                      key->fallback != NULL ? key->fallback : "", help);
    }
}

void help_print(FILE *to)
{
    (void)fputs(usage, to);
    const char *subject = "";
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (!key_is_live(key)) continue;
        const char *now = key_subject(key);
        if (now != subject) (void)fprintf(to, "\n%s:\n", now);
        subject = now;
        (void)fprintf(to, "\n  %s%s", key->name, key->reloadable ? "" : " *");
        if (key->fallback[0] != '\0') {
            (void)fprintf(to, "  (%s)", key->fallback);
        }
        (void)fputc('\n', to);
        text_print(to, key->help);
    }
}
