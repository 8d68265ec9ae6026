/* banlist.h - the addresses that are banned, for the operator's eyes. */
#ifndef MOGI_BROKER_BANLIST_H
#define MOGI_BROKER_BANLIST_H

#include "auth/bans.h"
#include "base/log.h"

/* Log each address that is banned at `now_s`, the clock of `bans`, and how many
 * there are. */
void banlist_show(struct bans *bans, struct log *log, uint64_t now_s);

/* Lift all bans, and log how many. */
void banlist_lift(struct bans *bans, struct log *log, uint64_t now_s);

#endif
