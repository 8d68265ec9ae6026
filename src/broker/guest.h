/* guest.h - the connections of one thread, each in a numbered slot.
 *
 * The shard knows a guest by its slot (struct conn_id). A slot is free again
 * when the socket's memory is, which is after the turn it was closed in.
 */
#ifndef MOGI_BROKER_GUEST_H
#define MOGI_BROKER_GUEST_H

#include "base/table.h"
#include "core/id.h"
#include "net/address.h"
#include "net/stream.h"

struct asking;
struct tally_key;

enum guest_end { GUEST_STAYS, GUEST_LINGERS, GUEST_GOES };

/* Who it is, where somebody asks. */
struct guest_papers {
    struct asking *asking;  /* is being found out; or NULL */
    char *identity;         /* that its proxy has seen proven; or NULL */
    struct tally_key *user; /* counted under this name; or NULL */
    uint64_t proof; /* by which it was let in, while that stands; 0: none */
};

struct guest {
    struct stream stream; /* first: the stream's address is the guest's */
    struct conn_id id;
    struct address peer;
    uint16_t listener;
    bool known : 1;        /* the shard was told, and has not forgotten it */
    bool surplus : 1;      /* it is one too many, and will be told so */
    bool heard : 1;        /* it has said something, here or elsewhere */
    bool moved : 1;        /* its socket is another host's now */
    bool shard_paused : 1; /* the shard does not want to read it */
    bool host_paused : 1;  /* it fills mailboxes that are full */
    bool refused : 1;      /* its login is, and the log says why */
    bool seated : 1;       /* the door has given it a seat */
    bool counted : 1;      /* and counts it for its address */
    bool lingers : 1;      /* its socket is, among those that linger */
    uint8_t end : 2;       /* enum guest_end: what comes after its output */
    unsigned written;      /* DRAINED events that it has coming */
    struct guest_papers *papers; /* NULL: none */

    /* This turn's output: a chain of actions, as indices + 1; 0 is none. */
    uint32_t first, last;
    uint64_t posted; /* shards that its input was posted to in this turn */
};

struct guests {
    struct pool *pool;
    struct table slots;
};

/* No guests; memory comes from `pool`. */
void guests_init(struct guests *guests, struct pool *pool);

/* Give all memory back; the guests are gone already. */
void guests_fini(struct guests *guests);

/* A new guest, in a slot of its own. */
struct guest *guest_new(struct guests *guests);

/* Out of all lists, out of its slot, and its memory is free. */
void guest_free(struct guests *guests, struct guest *guest);

/* The guest in slot `id`, or NULL. */
struct guest *guest_find(const struct guests *guests, struct conn_id id);

/* Its papers, to be written in. */
struct guest_papers *guest_papers(struct guests *guests, struct guest *guest);

/* Give them back, if nothing is in them any more. */
void guest_tidy(struct guests *guests, struct guest *guest);

/* What its proxy has seen proven is `identity`, from malloc, which is taken;
 * NULL: nothing. */
void guest_identify(struct guests *guests, struct guest *guest, char *identity);

/* What is being found out about it, or NULL. */
static inline struct asking *guest_asking(const struct guest *guest)
{
    return guest->papers == NULL ? NULL : guest->papers->asking;
}

/* What its proxy has seen proven, or NULL. */
static inline char *guest_identity(const struct guest *guest)
{
    return guest->papers == NULL ? NULL : guest->papers->identity;
}

/* The name that it is counted under, or NULL. */
static inline struct tally_key *guest_user(const struct guest *guest)
{
    return guest->papers == NULL ? NULL : guest->papers->user;
}

/* By what it was let in; 0: by nothing that could be taken back. */
static inline uint64_t guest_proof(const struct guest *guest)
{
    return guest->papers == NULL ? 0 : guest->papers->proof;
}

/* The guest in slot `id`, if any, will be asked for before long. */
void guest_fetch(const struct guests *guests, struct conn_id id);

/* Read it, or not, as `shard_paused` and `host_paused` say. */
void guest_read(struct guest *guest);

#endif
