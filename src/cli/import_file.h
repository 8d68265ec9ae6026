/* import_file.h - a mosquitto.db, mapped, with what others in it refer to found
 * by number or name.
 *
 *     file      [ head | client | message | subscription | ... ]
 *                          ^        ^           ^
 *     clients  by id ------+        |           |      sorted
 *     messages by number -----------+           |      sorted
 *     subscriptions ----------------------------+      in their order
 *
 * All bytes point into the file, which stays mapped until import_file_close.
 */
#ifndef MOGI_CLI_IMPORT_FILE_H
#define MOGI_CLI_IMPORT_FILE_H

#include "core/message.h"
#include "store/mosquitto.h"

/* Items of one size, one behind the other, in memory that grows. */
struct import_rows {
    void *items;
    size_t count, capacity;
};

struct import_message {
    uint64_t number;    /* there */
    struct bytes chunk; /* the file from its chunk on */
    uint64_t stamp;     /* here; 0: none yet */
    bool stored;        /* a delivery refers to it */
};

struct import_client {
    struct mosquitto_chunk chunk;
    uint64_t order, bytes; /* of its last delivery, of all their payloads */
};

struct import_file {
    struct bytes bytes;
    struct mosquitto_reader start;    /* at the first chunk */
    struct import_rows messages;      /* of struct import_message */
    struct import_rows clients;       /* of struct import_client */
    struct import_rows subscriptions; /* of struct mosquitto_chunk */
    uint64_t now_s;                   /* what has expired, has by now */
};

/* Map and index the file at `path`, as of `now_s` seconds since 1970. Closed
 * with import_file_close in any case.
 *
 * False, after a word about it on stderr: it cannot be read, is none, is of a
 * version that is not known, or is cut off. */
bool import_file_open(struct import_file *f, const char *path, uint64_t now_s);

/* Forget it. */
void import_file_close(struct import_file *f);

/* The client `id`; NULL: it has no session that lasts until now. */
struct import_client *import_file_client(const struct import_file *f,
                                         struct bytes id);

/* The message `number`; NULL: there is none. */
struct import_message *import_file_message(const struct import_file *f,
                                           uint64_t number);

/* The whole message that `found` stands for, as a view. `forward` has room for
 * the file. False: nobody could have published it, or it has expired. */
bool import_file_read(const struct import_file *f,
                      const struct import_message *found, struct message *m,
                      uint8_t *forward);

/* Subscription `index` < f->subscriptions.count. */
static inline struct mosquitto_chunk *import_file_subscription(
    const struct import_file *f, size_t index)
{
    return (struct mosquitto_chunk *)f->subscriptions.items + index;
}

#endif
