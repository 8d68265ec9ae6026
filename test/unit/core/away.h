/* away.h - a disk with a client "s" that is away, and "p", who publishes. */
#ifndef MOGI_UNIT_CORE_AWAY_H
#define MOGI_UNIT_CORE_AWAY_H

#include "check.h"
#include "disk.h"

/* CONNECT of "s", 5.0, with expiry 3600, and with clean start. */
static const char CONNECT_S[] =
    "1013 0004 4d51545405000000 05 1100000e10 000173";
static const char CONNECT_CLEAN[] =
    "1013 0004 4d51545405020000 05 1100000e10 000173";
static const char CONNECT_P[] = "100e 0004 4d51545405020000 00 000170";
static const char SUBSCRIBE_T[] = "8207 0001 00 000174 01";

/* "s" subscribes to "t" and goes; "p" is connection 2. */
CHECK_UNUSED static void away(struct disk *disk)
{
    disk_init(disk);
    disk->options.max_queued_messages = 0;
    disk_open(disk, 1);
    disk_send(disk, 1, CONNECT_S);
    disk_send(disk, 1, SUBSCRIBE_T);
    disk_close(disk, 1);
    disk_open(disk, 2);
    disk_send(disk, 2, CONNECT_P);
}

CHECK_UNUSED static void away_publish(struct disk *disk, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        disk_send(disk, 2, "320a 000174 0001 00 61626364");
}

/* "s" comes back; what it was sent is in disk->sent. */
CHECK_UNUSED static void away_return(struct disk *disk, const char *connect)
{
    disk_open(disk, 1);
    disk->sent_size = 0;
    disk_send(disk, 1, connect);
}

/* How many PUBLISH "s" got since then; its CONNACK is before them. */
CHECK_UNUSED static unsigned away_got(const struct disk *disk)
{
    unsigned count = 0;
    size_t at = 0;
    while (at < disk->sent_size) {
        count += disk->sent[at] >> 4 == 3;
        at += 2 + (size_t)disk->sent[at + 1];
    }
    CHECK_EQ(at, disk->sent_size);
    return count;
}

#endif
