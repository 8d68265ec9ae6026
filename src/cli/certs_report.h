/* certs_report.h - what `mogi certs` says: what was made, the lines for the
 * broker's configuration, and the command to try it with. */
#ifndef MOGI_CLI_CERTS_REPORT_H
#define MOGI_CLI_CERTS_REPORT_H

#include "tls/authority.h"

#include <stdio.h>

enum { CERTS_CONF_SIZE = 8 * TLS_PATH_SIZE };

/* Write the lines of a configuration: a listener with TLS that asks for client
 * certificates. `folder` and the paths of `made` are written as they are.
 * False: they do not fit. */
bool certs_report_conf(char text[CERTS_CONF_SIZE], const char *folder,
                       const struct tls_made *made);

/* Tell of a server's certificate. `conf` is what certs_report_conf wrote. */
void certs_report_server(FILE *to, const struct tls_made *made,
                         const char *const *hosts, size_t count,
                         const char *conf);

/* Tell of a client's, and how to use it. */
void certs_report_client(FILE *to, const char *folder, const char *name,
                         const struct tls_made *made);

/* One line of the list, and the line above it (`one` NULL). */
void certs_report_line(FILE *to, const struct tls_issued *one, int64_t now_s);

/* Print `text` so that a shell takes it as one word. */
void certs_report_word(FILE *to, const char *text);

#endif
