/* members.h - shared subscriptions: a publisher, and members who take turns. */
#ifndef MOGI_UNIT_CORE_MEMBERS_H
#define MOGI_UNIT_CORE_MEMBERS_H

#include "bench.h"

#define GROUP "$share/g/t"

enum { MEMBERS = 3 };

/* A publisher and members, each at another shard (if there are several). */
CHECK_UNUSED static struct bench *members_new(uint16_t count, uint32_t *from,
                                              uint32_t *members, struct visit v,
                                              struct options options)
{
    static char ids[MEMBERS][16];
    struct bench *b = bench_new(count, options);
    *from = bench_enter(b, (struct visit){.id = "from"});
    for (int i = 0; i < MEMBERS; i++) {
        v.id = bench_id(b, (uint16_t)(i % count), 100 * i, ids[i]);
        members[i] = bench_enter(b, v);
        bench_want(b, members[i], GROUP, 1);
    }
    return b;
}

/* The visit of member `i`. */
CHECK_UNUSED static struct visit member_visit(const struct bench *b, int i,
                                              struct visit v)
{
    static char id[16];
    v.id = bench_id(b, (uint16_t)(i % b->count), 100 * i, id);
    return v;
}

/* How many PUBLISH it got. */
CHECK_UNUSED static int member_took(struct bench *b, uint32_t conn)
{
    struct frame frame;
    int count = 0;
    while (bench_next(b, conn, &frame))
        count += frame.type == PACKET_PUBLISH;
    return count;
}

CHECK_UNUSED static void members_tell(struct bench *b, uint32_t from, int count)
{
    for (int i = 0; i < count; i++) {
        bench_promise(b, from, "t", "x", 1, 1);
        EXPECT_ACK(b, from, PACKET_PUBACK, 1, 0);
    }
}

#endif
