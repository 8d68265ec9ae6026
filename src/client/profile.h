/* profile.h - the options of a client, kept: one allocation holds them all. */
#ifndef MOGI_CLIENT_PROFILE_H
#define MOGI_CLIENT_PROFILE_H

#include "mogi/client.h"

struct profile {
    struct mogi_client_options options; /* defaults filled in */
    struct mogi_message will;
    struct mogi_tls tls;
    void *memory;
};

/* Copy `options` and all that it points to. A 5.0 CONNECT gets a Receive
 * Maximum, if it has none. False: out of memory. */
bool profile_init(struct profile *p, const struct mogi_client_options *options);

/* Free the copies. */
void profile_fini(struct profile *p);

#endif
