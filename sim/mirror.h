/* mirror.h - the broker once more, as simple as it can be: arrays and loops.
 *
 *     guest ---- op ----> [ broker ] ----> packets
 *       |                                     ||  must be the same
 *       '------- op ----> [ mirror ] ----> expectations
 *
 * It holds what MQTT says of one thing after the other, and nothing of how
 * things happen at the same time, survive on a disk or spread over shards: see
 * model.h for that. Time is that of the world. Callers tell it what a guest
 * does, then compare what every guest got with what it says, then forget that
 * with mirror_clear.
 */
#ifndef MOGI_SIM_MIRROR_H
#define MOGI_SIM_MIRROR_H

#include "base/bytes.h"
#include "core/options.h"
#include "wire/packet.h"

enum {
    MIRROR_GUESTS = 5,
    MIRROR_TOPICS = 8,
    MIRROR_FILTERS = 12,
    MIRROR_FLOWS_MAX = 512,
    MIRROR_ANSWERS_MAX = 8,
    MIRROR_RECEIVED_MAX = 64,
    MIRROR_LARGE_BYTES = 300 /* payload of a large message */
};

#define MIRROR_NEVER UINT64_MAX

struct mirror_message {
    uint32_t number; /* its payload */
    unsigned topic;
    uint8_t qos;
    bool retain;
    bool large;
    bool empty;          /* no payload at all */
    uint64_t expires_ms; /* 0: never */
};

enum mirror_state { MIRROR_QUEUED, MIRROR_SENT, MIRROR_RECEIVED };

/* A message for one guest. */
struct mirror_due {
    struct mirror_message message;
    uint32_t serial;
    uint8_t qos;
    bool retain;
    bool in_window;
    enum mirror_state state;
    uint16_t pid; /* what the broker chose; 0: not seen yet */
    uint32_t ids[MIRROR_FILTERS];
    unsigned id_count;
};

/* A PUBLISH or PUBREL that must come. Those of one `set` (not 0) come in any
 * order. */
struct mirror_flow {
    bool pubrel, dup;
    unsigned set;
    uint64_t at_ms;
    struct mirror_due due;
};

/* Any other packet that must come. */
struct mirror_answer {
    enum packet_type type;
    uint16_t pid;
    uint8_t codes[2];
    unsigned code_count;
    bool present;
};

struct mirror_subscription {
    bool on, no_local, as_published;
    uint8_t qos;
    uint32_t id;
};

struct mirror_will {
    bool there;
    struct mirror_message message;
    uint32_t delay_s, expiry_s;
};

/* What a guest says as it comes. */
struct mirror_connect {
    unsigned version; /* 4, 5 */
    bool clean;
    uint64_t expiry_ms; /* of the session; MIRROR_NEVER */
    uint32_t window_max;
    bool small; /* takes no large message */
    uint32_t keepalive_s;
    struct mirror_will will;
};

struct mirror_guest {
    bool here;
    unsigned version;
    bool small;
    uint32_t window_max;
    uint64_t keepalive_ms, heard_ms;
    uint32_t unacknowledged; /* its publishes on this connection */

    bool exists; /* its session */
    uint64_t expiry_ms, ends_ms;
    struct mirror_subscription subscriptions[MIRROR_FILTERS];
    struct mirror_due *dues; /* owned; window first */
    unsigned due_count, due_capacity;
    uint16_t received[MIRROR_RECEIVED_MAX]; /* QoS 2 ids without PUBREL */
    unsigned received_count;
    struct mirror_will will;
    uint64_t will_ms;

    /* Expectations. */
    struct mirror_flow flows[MIRROR_FLOWS_MAX];
    unsigned flow_count;
    struct mirror_answer answers[MIRROR_ANSWERS_MAX];
    unsigned answer_count;
    bool closed; /* the broker ends the connection, */
    uint8_t why; /* with this reason */
};

struct mirror {
    const struct options *options;
    uint64_t now_ms;
    uint32_t serial;
    unsigned set;
    struct mirror_guest guests[MIRROR_GUESTS];
    struct mirror_message retained[MIRROR_TOPICS];
    bool retained_there[MIRROR_TOPICS];
};

/* Topics and filters of this world. */
const char *mirror_topic(unsigned topic);
const char *mirror_filter(unsigned filter);

/* Nobody is there. `options` are the broker's. Never NULL. Freed with
 * mirror_free. */
struct mirror *mirror_new(const struct options *options, uint64_t now_ms);
void mirror_free(struct mirror *mirror);

/* All expectations were compared. */
void mirror_clear(struct mirror *mirror);

/* Time passes: keep alives, wills and sessions come to their end. */
void mirror_wait(struct mirror *mirror, uint64_t ms);

/* Time jumps, and what was due meanwhile is late. False: two things would be
 * late at once, in an order that nobody knows; then nothing has happened. */
bool mirror_jump(struct mirror *mirror, uint64_t ms);

/* The broker is gone and comes back; all commits were on disk, if it has one.
 */
void mirror_crash(struct mirror *mirror);

/* Could a crash now let two wills come at the same time? */
bool mirror_crash_ambiguous(const struct mirror *mirror);

/* `guest` comes; ends its earlier connection, if any. Returns whether there
 * was one. */
bool mirror_connect(struct mirror *mirror, unsigned guest,
                    const struct mirror_connect *connect);

/* Its connection ends: `lost` without DISCONNECT, or with one that asks for the
 * will. */
void mirror_leave(struct mirror *mirror, unsigned guest, bool lost);

/* The broker ends its connection, for this reason. */
void mirror_end(struct mirror *mirror, unsigned guest, uint8_t why);

/* It sends anything. */
void mirror_heard(struct mirror *mirror, unsigned guest);

/* It subscribes to `filter`; retained messages come if `recall`. One packet may
 * hold more: the last call says `pid`, and what comes is one set. */
void mirror_subscribe(struct mirror *mirror, unsigned guest, unsigned filter,
                      struct mirror_subscription options,
                      unsigned retain_handling);
void mirror_subscribed(struct mirror *mirror, unsigned guest, uint16_t pid,
                       const uint8_t *codes, unsigned count);
void mirror_unsubscribe(struct mirror *mirror, unsigned guest, unsigned filter,
                        uint16_t pid);

/* Has it room for all retained messages, twice, at once? */
bool mirror_roomy(const struct mirror *mirror, unsigned guest);

/* It publishes; `pid` is 0 for QoS 0. */
void mirror_publish(struct mirror *mirror, unsigned guest,
                    const struct mirror_message *message, uint16_t pid);
void mirror_pubrel(struct mirror *mirror, unsigned guest, uint16_t pid);

/* It acknowledges due `serial`, once or (QoS 2) one step further; `refuse`:
 * with a failure. */
void mirror_acknowledge(struct mirror *mirror, unsigned guest, uint32_t serial,
                        bool refuse);

/* PUBLISH or PUBREL of due `serial` (there is none at QoS 0) came, with this
 * packet id; with `set` that tells its place among the last of the window. */
void mirror_came(struct mirror *mirror, unsigned guest, uint32_t serial,
                 uint16_t pid, bool set);

/* An answer that the guest must get. */
void mirror_answer(struct mirror *mirror, unsigned guest, enum packet_type type,
                   uint16_t pid, uint8_t code);

#endif
