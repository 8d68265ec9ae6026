/* tls_option.h - the options of pub and sub that are about TLS: mosquitto's.
 *
 * Any of --cafile, --capath, --tls-use-os-certs, --psk and mqtts:// switches it
 * on.
 */
#ifndef MOGI_CLI_TLS_OPTION_H
#define MOGI_CLI_TLS_OPTION_H

#include "cli/arguments.h"

/* Take the value of --tls-version. False: a->error is set. */
bool tls_option_version(struct arguments *a, const char *value);

/* Refuse --tls-engine and what goes with it; false always. */
bool tls_option_engine(struct arguments *a, const char *value);

/* mogi_tls's key_password: ask at the terminal, once in all; `context` is the
 * struct arguments. Standard input that is no terminal is for messages: then
 * there is no password. */
int tls_option_password(void *context, char *text, int size);

/* What may not be given together, not alone, or not so; reads --psk. False:
 * a->error is set. */
bool tls_option_check(struct arguments *a);

/* Put what was given into a->client. */
void tls_option_finish(struct arguments *a);

#endif
