/* certs_option.c - see certs_option.h. */
#include "cli/certs_option.h"

#include <stdlib.h>
#include <string.h>

/* Browsers and phones take no certificate of a server that is good for longer
 * than 825 days. */
enum { DAYS_DEFAULT = 825 };

struct row {
    const char *name;
    bool valued;
    bool (*take)(struct certs_options *o, const char *value, FILE *errors);
};

/* Say what is wrong with `what`; false always. */
static bool wrong(FILE *errors, const char *what, const char *why)
{
    (void)fprintf(errors, "mogi certs: %s%s\n", what, why);
    return false;
}

static bool take_days(struct certs_options *o, const char *value, FILE *errors)
{
    char *end;
    long days = strtol(value, &end, 10);
    if (end == value || *end != '\0' || days < 1 || days > CERTS_DAYS_MAX) {
        return wrong(errors, value, ": --days takes a number from 1 to 36500");
    }
    o->days = (unsigned)days;
    return true;
}

static bool take_folder(struct certs_options *o, const char *value,
                        FILE *errors)
{
    if (value[0] == '\0') return wrong(errors, "--dir", " is empty");
    o->folder = value;
    return true;
}

static bool take_force(struct certs_options *o, const char *value, FILE *errors)
{
    (void)value;
    (void)errors;
    o->force = true;
    return true;
}

static bool take_help(struct certs_options *o, const char *value, FILE *errors)
{
    (void)value;
    (void)errors;
    o->help = true;
    return true;
}

static bool take_host(struct certs_options *o, const char *value, FILE *errors)
{
    if (o->host_count == CERTS_NAMES_MAX) {
        return wrong(errors, value, ": there are too many hosts");
    }
    o->hosts[o->host_count] = value;
    o->host_count += 1;
    return true;
}

static bool take_key(struct certs_options *o, const char *value, FILE *errors)
{
    static const struct {
        const char *name;
        enum tls_key_kind kind;
    } kinds[] = {{"p256", TLS_KEY_P256},
                 {"p384", TLS_KEY_P384},
                 {"ed25519", TLS_KEY_ED25519},
                 {"rsa", TLS_KEY_RSA}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(value, kinds[i].name) != 0) continue;
        o->key = kinds[i].kind;
        return true;
    }
    return wrong(errors, value, ": --key is p256, p384, ed25519 or rsa");
}

static const struct row rows[] = {
    {"--days", true, take_days},    {"--dir", true, take_folder},
    {"--force", false, take_force}, {"--help", false, take_help},
    {"--host", true, take_host},    {"--key", true, take_key},
};

/* Read the option at argv[*index]; leaves *index at the last word taken. */
static bool option_take(struct certs_options *o, int argc, char **argv,
                        int *index, FILE *errors)
{
    const char *name = argv[*index];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) != 0) continue;
        if (!rows[i].valued) return rows[i].take(o, NULL, errors);
        if (*index + 1 >= argc) return wrong(errors, name, " wants a value");
        *index += 1;
        return rows[i].take(o, argv[*index], errors);
    }
    return wrong(errors, name, ": there is no such option; see --help");
}

static bool word_take(struct certs_options *o, const char *word, FILE *errors)
{
    if (o->command == NULL) {
        o->command = word;
        return true;
    }
    if (o->name_count == CERTS_NAMES_MAX) {
        return wrong(errors, word, ": there are too many names");
    }
    o->names[o->name_count] = word;
    o->name_count += 1;
    return true;
}

bool certs_option_read(struct certs_options *o, int argc, char **argv,
                       FILE *errors)
{
    *o = (struct certs_options){.folder = "certs", .days = DAYS_DEFAULT};
    for (int i = 1; i < argc; i++) {
        bool option = argv[i][0] == '-';
        if (option ? !option_take(o, argc, argv, &i, errors)
                   : !word_take(o, argv[i], errors)) {
            return false;
        }
    }
    if (o->command != NULL || o->help) return true;
    return wrong(errors, "say init, server, client, revoke or list",
                 "; see --help");
}

void certs_option_help(FILE *to)
{
    (void)fputs(
        "Usage: mogi certs init [OPTION]...\n"
        "       mogi certs client|server|revoke NAME... [OPTION]...\n"
        "       mogi certs list [--dir FOLDER]\n\n"
        "A CA of your own, and certificates for TLS.\n\n"
        "  init      make a CA, a server certificate, and a configuration "
        "with them\n"
        "  client    make a certificate for each NAME, the user that the "
        "broker sees\n"
        "  server    make one certificate for all these hosts, names or "
        "addresses\n"
        "  revoke    trust no certificate of NAME any more\n"
        "  list      what was made, and for how many days it is good\n\n"
        "  --dir FOLDER   where all of it lies (certs)\n"
        "  --host HOST    init: one more name or address of this machine, for "
        "the\n"
        "                 server certificate; may be given again\n"
        "  --days DAYS    how long it is good (825; the CA 3650, if not "
        "more)\n"
        "  --key KIND     p256, p384, ed25519 or rsa (p256)\n"
        "  --force        replace what is there\n"
        "  --help         print this\n\n"
        "Mutual TLS from nothing:\n\n"
        "  mogi certs init\n"
        "  mogi certs client lamp\n"
        "  mogi broker -c certs/mogi.conf\n",
        to);
}
