/* guards.h - who may come in at each listener, and what he may do there: the
 * methods and rules that the configuration names, made out of their files.
 *
 *     config, files --> guards --> settings --> core: ask, acl
 *                                          +--> asks: the chain of methods
 *
 * Immutable, counted, and new with each reload; a file that two listeners name
 * is read once.
 */
#ifndef MOGI_BROKER_GUARDS_H
#define MOGI_BROKER_GUARDS_H

#include "auth/chain.h"
#include "broker/config.h"

#include <stdatomic.h>

struct guard {
    struct auth_chain *chain;
    const struct acl *acl; /* NULL: everything is allowed */
};

struct guards {
    atomic_uint refs;
    size_t count;
    struct guard list[CONFIG_LISTENERS_MAX]; /* by listener */
};

/* What `config`, which is settled, asks for; one reference. ERR_CONFIG: a file
 * cannot be used; reports->errors says where and what to do. */
MUST_USE
enum err guards_new(const struct config *config, struct guards **out,
                    struct config_reports *reports);

/* One reference more; returns `guards`. Any thread. */
struct guards *guards_ref(struct guards *guards);

/* One reference less; NULL is fine. Any thread. */
void guards_unref(struct guards *guards);

/* Must the core ask about clients of listener `index`? */
bool guards_ask(const struct guards *guards, size_t index);

/* The broker ends: no method keeps anybody waiting any more. */
void guards_stop(const struct guards *guards);

/* Is there anything by which clients of this listener can prove who they are?
 * While there is not, those of this machine need no name. */
bool guards_wanted(const struct config_listener *listener);

#endif
