/* logframe.h - bytes of the log. docs/storage-format.md has the same as tables.
 *
 *     segment  [ head | frame | frame | frame | ... | anything ]
 *     frame    [ head | change | change | ... | 0 to 7 bytes of zero ]
 *     change   [ kind:1 | key size:2 | value size:4 | key | value ]
 *
 * kind is 1 PUT, 2 DEL, 3 HOLD, 4 DROP.
 *
 * A frame is a batch, all or nothing. Its head is checked with the salt of its
 * segment, so that what a recycled file had before is never taken for it.
 * Numbers are big-endian.
 */
#ifndef MOGI_STORE_LOGFRAME_H
#define MOGI_STORE_LOGFRAME_H

#include "base/bytes.h"
#include "base/err.h"
#include "store/store.h"

enum {
    LOGFRAME_VERSION = 2, /* 1 had no HOLD and no DROP */
    LOGFRAME_ALIGN = 8,
    LOGFRAME_HEAD_BYTES = 40,
    LOGFRAME_CHANGE_BYTES = 7,
    SEGMENT_HEAD_BYTES = 64,
    STORE_ID_BYTES = 16
};

enum logframe_kind {
    LOGFRAME_BATCH = 1,
    LOGFRAME_CLOSED = 2 /* the store was closed; no changes */
};

struct segment_head {
    uint8_t id[STORE_ID_BYTES]; /* of the store */
    uint64_t number;
    uint64_t sequence; /* of its first frame */
    uint32_t salt;
};

struct logframe_head {
    enum logframe_kind kind;
    uint32_t size;     /* of the body, without the zeros behind it */
    uint64_t sequence; /* one more than the frame's before it */
    uint64_t durable;  /* all frames below were on disk before this one */
    uint16_t part;
    uint32_t count; /* of changes */
    uint32_t body_crc;
};

/* A change in a body; points into it. */
struct logframe_change {
    enum store_change_kind kind;
    struct bytes key;
    struct bytes value; /* PUT HOLD */
    uint32_t offset;    /* in the body */
};

/* Write and read the head of a segment. ERR_MALFORMED: it is none.
 * ERR_VERSION: it is one of a version to come. */
void segment_head_write(uint8_t to[SEGMENT_HEAD_BYTES],
                        const struct segment_head *head);
MUST_USE
enum err segment_head_read(struct bytes in, struct segment_head *head);

/* Write and read the head of a frame. ERR_MALFORMED: there is none. */
void logframe_head_write(uint8_t to[LOGFRAME_HEAD_BYTES],
                         const struct logframe_head *head, uint32_t salt);
MUST_USE
enum err logframe_head_read(struct bytes in, struct logframe_head *head,
                            uint32_t salt);

/* Bytes of a frame with `size` bytes of body, with the zeros behind it. */
size_t logframe_size(size_t size);

/* Bytes of `change` in a body. */
size_t logframe_change_size(const struct store_change *change);

/* Write `change` there. Returns its end. */
uint8_t *logframe_change_write(uint8_t *to, const struct store_change *change);

/* Take the change at `*offset` out of `body`, and move *offset behind it.
 * ERR_MALFORMED: there is none. */
MUST_USE
enum err logframe_change_read(struct bytes body, size_t *offset,
                              struct logframe_change *change);

#endif
