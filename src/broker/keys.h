/* keys.h - every key of the configuration, in tables by what they are about.
 *
 * Those of Mosquitto 2.0 and 2.1 that are not ours (yet) stand in them as well,
 * with what to do instead, so that a file that works there is never met with
 * "unknown".
 *
 *     keys_listener.c  where clients come in      keys_process.c  the program
 *     keys_tls.c       encryption, certificates   keys_log.c      the log
 *     keys_entry.c     who may come in            keys_bridge.c   bridges
 *     keys_client.c    what a client may do       keys_past.c     the rest
 *     keys_proof.c     how clients prove it
 *     keys_limits.c    limits against abuse
 */
#ifndef MOGI_BROKER_KEYS_H
#define MOGI_BROKER_KEYS_H

#include "broker/config.h"

enum key_kind {
    KEY_BOOL,
    KEY_NUMBER,   /* `size` bytes; min..max */
    KEY_LIMIT,    /* as NUMBER, but -1 is 0: no limit */
    KEY_DURATION, /* s, in 4 bytes */
    KEY_WORD,     /* 1 of `words`; its index in `size` bytes */
    KEY_TEXT,     /* at most `max` bytes */
    KEY_TEXTS,    /* a struct config_texts: may be repeated */
    KEY_CALL,     /* `call` does it */
    KEY_NOTE,     /* accepted, and `help` says why it changes nothing */
    KEY_REFUSED   /* an error; `help` says what to do instead */
};

/* What a key is about. */
enum key_scope {
    SCOPE_BROKER,   /* `offset` in struct config */
    SCOPE_LISTENER, /* `offset` in struct config_listener: the one above */
    SCOPE_ENTRY,    /* the same, but all listeners at once while
                     * per_listener_settings is false */
    SCOPE_BRIDGE    /* the `connection` line above it, which is refused */
};

struct setting;

/* Does what `setting` asks. */
typedef void key_call(const struct setting *setting);

struct key {
    const char *name; /* one that ends in '*' stands for all that begin so */
    enum key_kind kind;
    enum key_scope scope;
    bool reloadable;
    bool utf8; /* must be well-formed */
    size_t offset, size;
    uint64_t min, max;
    const char *words;
    key_call *call;
    const char *form;     /* of the value, for the reader; NULL: its kind's */
    const char *fallback; /* for the reader; config_init sets it */
    const char *help;
    const char *refused; /* what to do instead; NULL: it is not refused */
};

/* The tables; each ends with a key without name. */
extern const struct key keys_listener[], keys_tls[], keys_entry[], keys_proof[],
    keys_client[], keys_limits[], keys_process[], keys_log[], keys_bridge[],
    keys_past[];

/* What the table that has `key` is about, for a reader. */
const char *key_subject(const struct key *key);

/* What its value looks like: "true|false", "NUMBER" ... */
const char *key_form(const struct key *key);

/* Key `index` of all of them, or NULL when there are not so many. */
const struct key *key_at(size_t index);

/* The key called `name`, or NULL. */
const struct key *key_find(const char *name);

/* The name most like `name`, or NULL when none is near. */
const char *key_nearest(const char *name);

/* Has it an effect? */
bool key_is_live(const struct key *key);

#endif
