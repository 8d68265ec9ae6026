/* turn.h - carries out what a shard wants done. */
#ifndef MOGI_BROKER_TURN_H
#define MOGI_BROKER_TURN_H

#include "broker/host.h"

/* Carry out and clear host->actions: each guest's output leaves at once, in as
 * few system calls as possible, behind all that is posted to other shards. */
void turn_end(struct host *host);

/* As turn_end, if so much has gathered that it should not grow further. */
void turn_relieve(struct host *host);

/* Tell the shard what has been written since: DRAINED, for those who wait. */
void turn_written(struct host *host);

/* A full mailbox may have room now: read again from those who waited. */
void turn_resume(struct host *host);

#endif
