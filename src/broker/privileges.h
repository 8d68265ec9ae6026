/* privileges.h - whom the process works as when root starts it.
 *
 *     root   configuration, passwords, keys, ports, pid file
 *              |  privileges_drop
 *     user     v  log, store, clients
 *
 * Files that the broker goes on writing to are made as the user, so that it can
 * still open them again later.
 */
#ifndef MOGI_BROKER_PRIVILEGES_H
#define MOGI_BROKER_PRIVILEGES_H

#include "base/err.h"
#include "broker/config.h"

struct privileges {
    bool changes; /* started by root, to work as `user` */
    unsigned uid, gid;
    char user[64];
};

/* Find out whom to work as: `config->user`, or without one "mogi" if there is
 * such a user. Who is not root stays as he is. ERR_CONFIG: there is no such
 * user; `reports` says so, and what else should be known. */
MUST_USE
enum err privileges_find(const struct config *config, struct privileges *out,
                         struct config_reports *reports);

/* Be the user, with his groups, and never root again. ERR_IO: it could not be
 * done, or root could still come back; errno says why. */
MUST_USE
enum err privileges_drop(const struct privileges *privileges);

#endif
