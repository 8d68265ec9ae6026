/* record.h - what a record looks like: one durable fact under one key.
 *
 * All shards share one space of keys; in ascending order they are
 *
 *     'M' STAMP:8                      a message that deliveries refer to
 *     'c' CLIENT 00 'S'                a session, before its parts:
 *     'c' CLIENT 00 'g' TEXT             a shared subscription
 *     'c' GROUP 00 'h' NUMBER:8        a message on its way to a member of it
 *     'c' CLIENT 00 'o' ORDER:8          a delivery, in the order they are sent
 *     'c' CLIENT 00 'q' PACKET_ID:2      a QoS 2 id that the client publishes
 *     'c' CLIENT 00 's' TEXT             a subscription
 *     'c' CLIENT 00 'w'                  the will
 *     'm' SHARD:1 STAMP:8              a message, of old
 *     'p' SHARD:1 FROM:1               how far SHARD has heard FROM
 *     'r' TEXT                         the retained message of a topic
 *
 * Numbers are big-endian. CLIENT and TEXT of more than RECORD_TEXT_MAX bytes
 * are cut: their first RECORD_CUT_BYTES, FF (which no UTF-8 has), and 32 hex
 * digits of a hash. The value then holds the whole text, and tells two apart
 * that were one. So no key is longer than RECORD_KEY_MAX.
 *
 * A delivery refers to the message by its stamp. There is one copy for all, and
 * the store counts how many refer to it (HOLD and DROP):
 *
 *     'c' "a" S
 *     'c' "a" o 1   stamp 7 ----> 'M' 7   [ head | topic | ... ]   2
 *     'c' "b" S                    ^
 *     'c' "b" o 5   stamp 7 -------'
 *
 * Orders of a session go on by one, and a delivery says how many bytes had been
 * queued with it since the session began. So the first and the last that were
 * never sent say how many there are between, and how large they are, and nobody
 * has to read them at start. One whose message expires says when (version 3),
 * so that a full queue knows at once. Those below `floor` of their
 * session belong to an earlier one of the same name, and only wait to be
 * deleted.
 *
 * Version 1 had one copy of a message for each shard, 'm'; a delivery said
 * which. They are still read: see found.h and awaited.h.
 *
 * Exactly once, across shards and crashes: a QoS 2 publish that waits for
 * PUBREL ('q') names its stamp and the other shards that it went to. Each of
 * these writes down ('p'), together with the deliveries that it made, that it
 * has heard that stamp; stamps of one shard come to another in their order. So
 * after a crash it is known which shards lack the message; this is written down
 * (`settled`), since they will hear later stamps. When the client sends it
 * again, it goes to what was at home on these alone, with a new stamp, and 'q'
 * names the shards of now as well. The next crash finds both, and so on: see
 * lack.h. However often the number of shards changes in between, nobody has it
 * twice.
 *
 * What the home of a shared subscription passes on to a member elsewhere, of
 * such a publish, it writes down as well ('h'), and so does a member's shard
 * with what it gives back. Who takes it in the end makes its own record and
 * deletes that one in one batch: all shards write into one log, so that there
 * is one of the two at any moment.
 *
 *     home of the group     q or p, h 9 ----> 'M' 7
 *     shard of "a"               h 9 gone, o 5 ----> 'M' 7
 *
 * What a crash leaves goes on at the next start. Its NUMBER is a stamp of its
 * own. Records of old have CLIENT, who gave it back, and its ORDER instead; and
 * in 'p' the stamp up to which groups, other than sessions, may lack what was
 * heard.
 *
 * A value begins with its version. A message is a head and the bytes of its
 * `struct body`, which the store appends (ACTION_PUT with a body):
 *
 *     [ version | stamp:8 | expires_ms:8 | flags:1 | topic size:2 |
 *       forward size:4 | source size:2 ][ topic | forward | source | payload ]
 *
 * One of the flags says that there is a source, and its size.
 *
 * Reading takes any bytes: what is not a record is ERR_MALFORMED.
 */
#ifndef MOGI_CORE_RECORD_H
#define MOGI_CORE_RECORD_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/err.h"
#include "core/lack.h"
#include "core/message.h"
#include "core/post.h"

enum {
    RECORD_VERSION = 1,
    RECORD_VERSION_NEW = 2,      /* of SESSION, DELIVERY and RECEIVED */
    RECORD_VERSION_EXPIRING = 3, /* of a DELIVERY whose message expires */
    RECORD_TEXT_MAX = 200,
    RECORD_CUT_BYTES = 160,
    RECORD_KEY_MAX = 1 + RECORD_TEXT_MAX + 1 + 1 + RECORD_TEXT_MAX,

    /* The largest values but for the texts and bodies in them. */
    RECORD_VALUE_MAX = 64
};

enum record_kind {
    RECORD_SESSION = 'S',
    RECORD_DELIVERY = 'o',
    RECORD_MEMBERSHIP = 'g',
    RECORD_HANDOVER = 'h', /* a value as of DELIVERY; CLIENT is the group */
    RECORD_RECEIVED = 'q',
    RECORD_SUBSCRIPTION = 's',
    RECORD_WILL = 'w',
    RECORD_MESSAGE = 'M',
    RECORD_MESSAGE_OLD = 'm',
    RECORD_HEARD = 'p',
    RECORD_RETAINED = 'r'
};

/* A key taken apart. What its kind does not have is zero. */
struct record_key {
    enum record_kind kind;
    struct bytes client; /* written whole, read as it stands (maybe cut) */
    struct bytes text;   /* the same */
    uint64_t number;     /* order, packet id, stamp */
    uint16_t shard;      /* MESSAGE_OLD, HEARD: whose it is */
    uint16_t from;       /* HEARD */
};

struct record_session {
    uint8_t protocol;  /* enum protocol */
    uint16_t home;     /* the shard that wrote it */
    uint32_t expiry_s; /* > 0 */
    uint64_t ends_ms;  /* as of 1970; 0: connected, or never */
    uint64_t floor;    /* the order of its first delivery, at least */
    struct bytes id;   /* of the client, whole */
};

/* SUBSCRIPTION and MEMBERSHIP. */
struct record_subscription {
    struct subscription_options options;
    struct bytes text; /* "filter" or "$share/group/filter", whole */
};

struct record_delivery {
    uint64_t stamp;      /* of the message */
    uint64_t order;      /* as in the key */
    uint64_t bytes;      /* of all payloads ever queued, with this one */
    uint32_t size;       /* of the payload */
    bool old;            /* of version 1, which has none of these three */
    uint64_t expires_ms; /* the message; 0: never, or of old */
    uint16_t home;       /* old: the shard that keeps the message */
    uint16_t packet_id;  /* 0: never sent */
    uint8_t qos;         /* 1, 2 */
    uint8_t state;       /* enum delivery_state */
    bool retain;
    struct bytes group; /* "$share/group/filter", or empty */
    uint16_t identifier_count;
    struct bytes identifiers; /* four bytes each */
};

struct record_received {
    uint64_t stamp;              /* of the message, as it came last */
    bool settled;                /* what was heard is taken into account */
    struct bytes lack;           /* who may lack it: see lack.h */
    uint8_t old[LACK_ROW_BYTES]; /* read: `lack` of version 1 */
};

struct record_heard {
    uint64_t stamp;  /* the last one */
    uint64_t passed; /* of old: the last one passed on by a group; 0: none */
};

struct record_will {
    uint32_t delay_s, expiry_s;
    uint64_t due_ms; /* 0: its delay has not begun */
};

/* Append the key to `w`, which has RECORD_KEY_MAX bytes of room. */
void record_key_write(struct writer *w, const struct record_key *key);
MUST_USE
enum err record_key_read(struct bytes in, struct record_key *key);

/* Does `text`, as it stands in a key, stand for `whole`? */
bool record_text_is(struct bytes text, struct bytes whole);

/* Append values to `w`, which has room for RECORD_VALUE_MAX bytes and the
 * texts; read them back. Results point into `in`. */
void record_session_write(struct writer *w, const struct record_session *s);
MUST_USE
enum err record_session_read(struct bytes in, struct record_session *s);

/* The text must be a valid filter to be read. */
void record_subscription_write(struct writer *w,
                               const struct record_subscription *s);
MUST_USE
enum err record_subscription_read(struct bytes in,
                                  struct record_subscription *s);

/* `identifiers` are numbers here, and bytes when they are read:
 * record_identifier takes one out. */
void record_delivery_write(struct writer *w, const struct record_delivery *d,
                           const uint32_t *identifiers);
MUST_USE
enum err record_delivery_read(struct bytes in, struct record_delivery *d);
uint32_t record_identifier(const struct record_delivery *d, uint16_t index);

/* RECEIVED; `lack` on top of RECORD_VALUE_MAX. */
void record_received_write(struct writer *w, const struct record_received *r);

/* The same, read: `lack` points into `in`, or of version 1, which had one row,
 * into `*r`. ERR_MALFORMED. */
MUST_USE
enum err record_received_read(struct bytes in, struct record_received *r);

/* HEARD. */
void record_heard_write(struct writer *w, const struct record_heard *h);
MUST_USE
enum err record_heard_read(struct bytes in, struct record_heard *h);

/* MESSAGE, MESSAGE_OLD, RETAINED, and the end of WILL: the head of `m`, whose
 * body's bytes follow it in the store. Read, `m` is a view of `in` without a
 * body; its topic is a valid name. */
void record_message_write(struct writer *w, const struct message *m);
MUST_USE
enum err record_message_read(struct bytes in, struct message *m);

/* WILL: all but the bytes of the body of `m`. */
void record_will_write(struct writer *w, const struct record_will *will,
                       const struct message *m);
MUST_USE
enum err record_will_read(struct bytes in, struct record_will *will,
                          struct message *m);

#endif
