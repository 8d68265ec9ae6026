/* stats.h - what a shard counts. Totals only grow; gauges go both ways. */
#ifndef MOGI_CORE_STATS_H
#define MOGI_CORE_STATS_H

#include <stdint.h>

#define STAT_LIST(X)                                                           \
    X(BYTES_IN) /* from sockets */                                             \
    X(BYTES_OUT)                                                               \
    X(PACKETS_IN) /* control packets of any type */                            \
    X(PACKETS_OUT)                                                             \
    X(PUBLISH_IN)                                                              \
    X(PUBLISH_OUT)                                                             \
    X(PUBLISH_DROPPED)  /* receivers that did not get one, any reason */       \
    X(DENIED_PUBLISH)   /* by rules: publishes and wills */                    \
    X(DENIED_SUBSCRIBE) /* filters */                                          \
    X(DENIED_RECEIVE)   /* messages that matched a filter */                   \
    X(PUBLISH_BYTES_IN) /* payload */                                          \
    X(PUBLISH_BYTES_OUT)                                                       \
    X(SOCKETS)              /* connections accepted */                         \
    X(CONNECTS)             /* CONNECT packets accepted */                     \
    X(REFUSED)              /* CONNECT packets refused */                      \
    X(LOGINS_REFUSED)       /* of who was asked about */                       \
    X(SLOWED)               /* times that a client was read more slowly */     \
    X(FLAPPING)             /* CONNECTs of ids that are held off */            \
    X(TURNED_AWAY)          /* connections closed or refused at the door */    \
    X(RETAINED_REFUSED)     /* messages not retained, by a limit */            \
    X(EXPIRED)              /* sessions ended by their expiry */               \
    X(CLIENTS)              /* gauge: sessions */                              \
    X(CLIENTS_CONNECTED)    /* gauge */                                        \
    X(CLIENTS_MAXIMUM)      /* highest CLIENTS */                              \
    X(SUBSCRIPTIONS)        /* gauge, shared ones too */                       \
    X(SHARED_SUBSCRIPTIONS) /* gauge */                                        \
    X(RETAINED)             /* gauge */                                        \
    X(RETAINED_BYTES)       /* gauge, payload */                               \
    X(QUEUED)               /* gauge: deliveries not yet acknowledged */       \
    X(QUEUED_BYTES)         /* gauge, payload */                               \
    X(POSTS)                /* to other shards */                              \
    X(MEMORY)               /* gauge: bytes of the pool */                     \
    X(MEMORY_MAXIMUM)

enum stat_kind {
#define X(name) STAT_##name,
    STAT_LIST(X)
#undef X
        STAT_COUNT
};

struct stats {
    uint64_t v[STAT_COUNT];
};

#endif
