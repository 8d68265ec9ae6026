/* certs_option.h - the command line of `mogi certs`. */
#ifndef MOGI_CLI_CERTS_OPTION_H
#define MOGI_CLI_CERTS_OPTION_H

#include "tls/authority.h"

#include <stdio.h>

enum { CERTS_NAMES_MAX = 100, CERTS_DAYS_MAX = 36500 };

struct certs_options {
    const char *command;                /* "init"; texts are borrowed */
    const char *names[CERTS_NAMES_MAX]; /* what stands behind it */
    size_t name_count;
    const char *hosts[CERTS_NAMES_MAX]; /* --host */
    size_t host_count;
    const char *folder;
    unsigned days;
    enum tls_key_kind key;
    bool force;
    bool help;
};

/* Read the arguments; argv[0] is "certs". False: one line on `errors` says what
 * is wrong. With o->help set nothing else need be there. */
bool certs_option_read(struct certs_options *o, int argc, char **argv,
                       FILE *errors);

/* Print what there is. */
void certs_option_help(FILE *to);

#endif
