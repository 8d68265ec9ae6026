/* flush.c - see flush.h: what all systems share. */
#include "net/flush.h"

#include "net/socket.h"

#include <assert.h>

void flush_each(struct flush_write *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes bytes = list[i].bytes;
        assert(bytes.size > 0);
        uv_buf_t run = {.base = (char *)(uintptr_t)bytes.data,
                        .len = bytes.size};
        list[i].put = socket_write(list[i].fd, &run, 1);
    }
}
