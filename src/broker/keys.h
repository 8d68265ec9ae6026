/* keys.h - every key of the configuration, in one table.
 *
 * Those of Mosquitto 2.0 and 2.1 that are not ours (yet) stand in it as well,
 * with what to do instead, so that a file that works there is never met with
 * "unknown".
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
    KEY_CALL,     /* `call` does it */
    KEY_NOTE,     /* accepted, and `help` says why it changes nothing */
    KEY_REFUSED   /* an error; `help` says what to do instead */
};

/* Value `value` of a KEY_CALL. */
typedef void key_call(struct config *config, const char *value,
                      const struct config_place *place,
                      struct config_reports *reports);

struct key {
    const char *name; /* one that ends in '*' stands for all that begin so */
    enum key_kind kind;
    bool reloadable;
    size_t offset, size;
    uint64_t min, max;
    const char *words;
    key_call *call;
    const char *fallback; /* for the reader; config_init sets it */
    const char *help;
};

/* The table; ends with a key without name. */
extern const struct key keys[];

/* The key called `name`, or NULL. */
const struct key *key_find(const char *name);

/* The name most like `name`, or NULL when none is near. */
const char *key_nearest(const char *name);

#endif
