/* seals.h - the TLS of every listener: which certificates it has, and whom it
 * lets in.
 *
 * Made on the main thread from the files that the configuration names,
 * immutable and counted. When the files change, another one takes its place;
 * connections keep what they began with.
 */
#ifndef MOGI_BROKER_SEALS_H
#define MOGI_BROKER_SEALS_H

#include "base/log.h"
#include "broker/config.h"
#include "tls/server.h"

#include <stdatomic.h>

struct seals {
    atomic_uint refs;
    struct tls_server *list[CONFIG_LISTENERS_MAX]; /* NULL: no TLS */
};

/* Read the files that `config`, which is settled, names.
 *
 *   before   what there is now, or NULL. A listener that cannot have what it
 *            should keeps what it has; none begins or ends to use TLS
 *   reports  all that is wrong, listener by listener
 *
 * One reference; never NULL. Without `before`, those with mistakes have no TLS
 * and must not be opened. */
struct seals *seals_new(const struct config *config, const struct seals *before,
                        struct config_reports *reports);

/* One more reference; returns `seals`. Any thread. */
struct seals *seals_ref(struct seals *seals);

/* One reference less; NULL is fine. Any thread. */
void seals_unref(struct seals *seals);

/* A number that changes when one of the files is changed, or replaced. */
uint64_t seals_stamp(const struct config *config);

/* Log how long each certificate is valid. With `quiet`, only those for which
 * it is time that somebody acts. */
void seals_log(const struct seals *seals, const struct config *config,
               struct log *log, bool quiet);

/* When the certificate of `listener` that ends first does, in s since 1970; 0:
 * it has none. */
int64_t seals_until_s(const struct seals *seals, size_t listener);

#endif
