/* mailbox.h - what other threads have for a shard's thread.
 *
 *     shard 0 --+                       one lock
 *     shard 1 --+--> [ post | post | connection | post ] --> shard 2
 *     main -----+                       in order of pushing
 *
 * What a turn of one shard has for several others is pushed under the locks of
 * all of them: nobody can see one part, act on it, and overtake another. So
 * a mailbox is causal.
 *
 * A turn's mail for one shard lies in bundles, each a block with the bytes that
 * its posts bring. A bundle goes from thread to thread as it is: to push or to
 * take is to link it elsewhere, and its memory is one allocation for all of it.
 *
 *     mails --> [ mail mail ...  free  ... bytes bytes ] --> [ ... ] --> NULL
 *
 * The owner says when it is about to sleep (mailbox_doze), and only then it has
 * to be woken.
 *
 * Nothing is ever refused or dropped, and nobody waits. Instead, a mailbox that
 * holds more than MAILBOX_HIGH bytes tells those who push, who then stop
 * reading from the connections that are to blame, until it holds less than
 * MAILBOX_LOW.
 */
#ifndef MOGI_BROKER_MAILBOX_H
#define MOGI_BROKER_MAILBOX_H

#include "core/bounds.h"
#include "core/post.h"
#include "net/address.h"

#include <stdatomic.h>
#include <uv.h>

enum {
    MAILBOX_HIGH = 16 * 1024 * 1024,
    MAILBOX_LOW = 4 * 1024 * 1024,

    /* What a piece of mail weighs by itself, in bytes: a thing of small size
     * takes time as well. */
    MAIL_WEIGHT = 512,

    /* A bundle's block: the first of a turn, and those behind it. */
    BUNDLE_FIRST = 2048,
    BUNDLE_NEXT = 32768
};

struct auth_call;
struct shield;
struct settings;

enum mail_kind {
    MAIL_POST,      /* for the shard */
    MAIL_MOVED,     /* a connection that comes from another thread */
    MAIL_RELOAD,    /* new settings */
    MAIL_COMMITTED, /* from the store: a batch is on disk */
    MAIL_STORAGE,   /* from the store: it fails, or works again */
    MAIL_WOKEN,     /* a method has found out who a client is */
    MAIL_LOADED,    /* from the store: what a shard asked for */
    MAIL_STOP,      /* the broker ends */
    MAIL_KINDS
};

/* A connection on its way, in one block with the bytes that its shard has not
 * used. */
struct moved {
    int fd;
    struct shield *shield; /* its TLS; NULL: none */
    uint16_t listener;
    struct address peer;
    bool seated, counted; /* as of struct guest */
    char *identity;       /* likewise; owned */
    size_t size;
    uint8_t bytes[];
};

/* A page: see core/page.h. */
struct loaded {
    uint64_t token, end;
    bool failing;
    size_t size;
    uint8_t bytes[];
};

struct mail {
    enum mail_kind kind;
    union {
        struct post post;
        struct moved *moved;
        struct loaded *loaded;
        struct settings *settings;
        struct auth_call *call;
        uint64_t batch;
        bool failing;
    };
};

struct bundle {
    struct bundle *next;
    uint32_t size;  /* of `list`, in bytes */
    uint32_t count; /* pieces of mail, at the front */
    uint32_t read;  /* of them, by mails_next */
    uint32_t room;  /* bytes between them and what they bring */
    struct mail list[];
};

/* Mail in order. All zero is an empty one. */
struct mails {
    struct bundle *first, *last;
    size_t count;  /* pieces of mail that mails_next has not come to */
    size_t weight; /* of all that came in since it was empty */
};

struct mailbox {
    uv_mutex_t lock;
    struct mails waiting;
    size_t taken;       /* weight of what the owner is at work on */
    uint64_t waiters;   /* shards that want to know when there is room */
    atomic_bool asleep; /* the owner wants to be woken */
    atomic_bool filled; /* there is mail */
    uv_async_t wake;
    /* The next one is another thread's: no cache line is shared with it. */
    uint8_t apart[64];
};

/* A mailbox whose owner is woken in `loop` by `wake`, with `data`. */
void mailbox_init(struct mailbox *box, uv_loop_t *loop, uv_async_cb wake,
                  void *data);

/* Drop what is in it. The loop has closed its handle. */
void mailbox_fini(struct mailbox *box);

/* Add `mail`, which weighs `weight`, to `mails`, whose owner it then is. */
void mails_add(struct mails *mails, struct mail mail, size_t weight);

/* Add `post` with a copy of `packed`, which it brings if there is any; `mails`
 * own what `post` owns. */
void mails_add_post(struct mails *mails, const struct post *post,
                    struct bytes packed);

/* The next piece of mail, or NULL: that was all, and `mails` is empty. It is
 * valid, with the bytes it brings, until the next call; what it owns is the
 * caller's. */
struct mail *mails_next(struct mails *mails);

/* Drop what `mails` holds, and what each piece of it owns. */
void mails_fini(struct mails *mails);

/* Push each of `out[i]`, which is not empty, into `boxes[i]` for each bit i of
 * `targets`, all at once; `out` is then empty. Returns the set of those that
 * now hold too much; when they no longer do, shard `from` is woken. */
uint64_t mailbox_push(struct mailbox *boxes, struct mails *out,
                      uint64_t targets, uint16_t from);

/* Push one piece of mail that comes from outside the shards. */
void mailbox_push_one(struct mailbox *box, struct mail mail);

/* Take all there is. `mails` must be empty. */
void mailbox_take(struct mailbox *box, struct mails *mails);

/* Has nothing come? What is being pushed at this moment may not be seen. */
bool mailbox_is_empty(const struct mailbox *box);

/* The owner is about to wait: who pushes wakes it. False: it must not wait, as
 * there is mail. */
bool mailbox_doze(struct mailbox *box);

/* The owner does not wait any more, and looks for mail by itself before it
 * dozes again. */
void mailbox_rouse(struct mailbox *box);

/* The owner has done what it took. Returns the set of shards to be woken. */
uint64_t mailbox_settle(struct mailbox *box);

/* Does it still hold more than MAILBOX_LOW? Then shard `from` is woken when
 * not. */
bool mailbox_wait(struct mailbox *box, uint16_t from);

/* Wake the owner. */
void mailbox_wake(struct mailbox *box);

#endif
