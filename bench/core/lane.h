/* lane.h - one shard on one thread, whose clients are only imagined.
 *
 *     packets --> shard_step --> SEND   counted, acknowledged, forgotten
 *                            --> POST   to the mailboxes of other lanes
 *
 * What the broker does, without a socket and without a system call: the cost
 * of the core and of its mailboxes, and nothing else.
 */
#ifndef MOGI_BENCH_CORE_LANE_H
#define MOGI_BENCH_CORE_LANE_H

#include "broker/mailbox.h"
#include "core/shard.h"
#include "wire/packet.h"

enum { LANE_PACKETS_MAX = 64 * 1024 };

struct lane {
    uint16_t index, count;
    struct lane *all;
    struct mailbox *boxes; /* of all lanes */
    struct pool *pool;
    struct shard *shard;
    struct shard_place place;
    struct options options;
    struct actions actions;
    struct mails out[SHARDS_MAX], in;
    uv_loop_t loop; /* never run: the mailbox wants one to wake */
    uint64_t now_ms, luck;
    uint64_t full; /* mailboxes that hold too much */
    uint32_t conn_count;
    uint64_t delivered; /* PUBLISH to its subscribers */
    uint32_t *owed;     /* of each conn: publishes without PUBACK */
    size_t owed_capacity;
    bool timed;
    uint64_t slowest_ns; /* the longest single step while `timed` */
    uint8_t replies[LANE_PACKETS_MAX]; /* to be said by subscribers */
    struct reply {
        struct conn_id conn;
        uint32_t offset, size;
    } reply_list[LANE_PACKETS_MAX / 4];
    size_t reply_count, reply_bytes;
};

/* `count` lanes that know one another, in zeroed memory. */
void lanes_init(struct lane *lanes, struct mailbox *boxes, uint16_t count);
void lanes_fini(struct lane *lanes, struct mailbox *boxes, uint16_t count);

/* A connected client, whose id begins with `name` and is at home here. */
struct conn_id lane_connect(struct lane *lane, const char *name);

/* `conn` subscribes to `filter`. */
void lane_subscribe(struct lane *lane, struct conn_id conn, const char *filter,
                    unsigned qos);

/* `conn` says `size` bytes, in which are `owed` publishes to be answered. */
void lane_say(struct lane *lane, struct conn_id conn, const void *packets,
              size_t size, uint32_t owed);

/* Carry out what gathered, and take the mail. False: nothing was to do. */
bool lane_turn(struct lane *lane);

/* A PUBLISH of `payload_size` zero bytes; returns its size. */
size_t lane_publish(uint8_t *to, const char *topic, unsigned qos,
                    uint16_t packet_id, bool retain, size_t payload_size);

/* Nanoseconds that only go forward. */
uint64_t lane_clock_ns(void);

/* Those that this thread has worked: another's time slice is not in them. */
uint64_t lane_worked_ns(void);

#endif
