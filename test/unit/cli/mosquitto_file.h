/* mosquitto_file.h - a mosquitto.db of version 6 in a folder of its own: the
 * session of "me", and QoS 2 message 7 "hello" to t/x. */
#ifndef MOGI_TEST_MOSQUITTO_FILE_H
#define MOGI_TEST_MOSQUITTO_FILE_H

#include "store/room.h"

#include <fcntl.h>

static const char mosquitto_head[] =
    "\x00\xb5\x00mosquitto db\0\0\0\0\0\0\0\6"
    "\0\0\0\6\0\0\0\x1a\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\x09\0\2"
    "\7\x5b\0\0\0\0\0\0me"
    "\0\0\0\2\0\0\0\x28\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5"
    "\0\1\0\0\0\0\0\3\7\x5b\2\0t/xhello";

/* Write it with `size` bytes of further chunks, to `path` in the new folder,
 * which is returned. */
CHECK_UNUSED static const char *mosquitto_file(const char *chunks, size_t size,
                                               char path[ROOM_PATH_MAX])
{
    const size_t head = sizeof mosquitto_head - 1;
    const char *room = room_new();
    room_path(room, "mosquitto.db", path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    REQUIRE(write(fd, mosquitto_head, head) == (ssize_t)head);
    REQUIRE(write(fd, chunks, size) == (ssize_t)size);
    close(fd);
    return room;
}

#endif
