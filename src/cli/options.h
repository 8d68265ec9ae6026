/* options.h - the table of arguments.h. */
#ifndef MOGI_CLI_OPTIONS_H
#define MOGI_CLI_OPTIONS_H

#include "cli/arguments.h"

enum options_user {
    FOR_PUB = 1 << ARGUMENTS_PUB,
    FOR_SUB = 1 << ARGUMENTS_SUB,
    FOR_RR = 1 << ARGUMENTS_RR,
    FOR_ALL = FOR_PUB | FOR_SUB | FOR_RR,
    FOR_SENDERS = FOR_PUB | FOR_RR,
    FOR_PRINTERS = FOR_SUB | FOR_RR
};

struct option_row {
    const char *brief; /* "-t"; NULL when there is none */
    const char *full;  /* "--topic"; NULL when there is none */
    unsigned users;
    const char *value; /* what the help calls the value; NULL: takes none */
    const char *what;  /* as in "given but no <what> specified" */
    /* Take the value (NULL when there is none); false: a->error is set. */
    bool (*take)(struct arguments *a, const char *value);
    size_t member;    /* of struct arguments: set when there is no `take` */
    const char *help; /* NULL: not in this version; named only to refuse it */
};

/* The row of `name` for `command`; NULL when there is none. -D is not in the
 * table: it takes three or four values. */
const struct option_row *options_find(enum arguments_command command,
                                      const char *name);

/* Walk the rows: 0, 1, ... until NULL. */
const struct option_row *options_at(size_t index);

/* Take a host's name or address, and a port. False: a->error is set. */
bool options_host(struct arguments *a, const char *value);
bool options_port(struct arguments *a, const char *value);

/* Set a->error as by printf; false always. */
bool options_wrong(struct arguments *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
