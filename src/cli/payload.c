/* payload.c - see payload.h. */
#include "cli/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CAPACITY_MIN = 64 * 1024 };

/* Room for more behind `used` bytes. */
static bool capacity_grow(uint8_t **data, size_t *capacity, size_t used)
{
    if (used < *capacity) return true;
    size_t larger = *capacity == 0 ? CAPACITY_MIN : *capacity * 2;
    uint8_t *moved = realloc(*data, larger);
    if (moved == NULL) return false;
    *data = moved;
    *capacity = larger;
    return true;
}

/* Read once; 0 at the end, -1 on an error other than a signal. */
static ssize_t fd_read(int fd, uint8_t *to, size_t size)
{
    ssize_t count;
    do {
        count = read(fd, to, size);
    } while (count < 0 && errno == EINTR);
    return count;
}

uint8_t *payload_read(int fd, size_t *count, char *error, size_t size)
{
    uint8_t *data = NULL;
    size_t capacity = 0;
    *count = 0;
    for (;;) {
        if (!capacity_grow(&data, &capacity, *count)) {
            (void)snprintf(error, size, "out of memory");
            break;
        }
        ssize_t got = fd_read(fd, data + *count, capacity - *count);
        if (got == 0) return data;
        if (got < 0) {
            (void)snprintf(error, size, "%s", strerror(errno));
            break;
        }
        *count += (size_t)got;
        if (*count > PAYLOAD_SIZE_MAX) {
            (void)snprintf(error, size,
                           "it is larger than a message can be (%d bytes)",
                           PAYLOAD_SIZE_MAX);
            break;
        }
    }
    free(data);
    return NULL;
}

uint8_t *payload_load(const char *path, size_t *count, char *error, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)snprintf(error, size, "%s", strerror(errno));
        return NULL;
    }
    uint8_t *data = payload_read(fd, count, error, size);
    (void)close(fd);
    return data;
}

void payload_lines_init(struct payload_lines *l, int fd)
{
    *l = (struct payload_lines){.fd = fd};
}

void payload_lines_fini(struct payload_lines *l)
{
    free(l->data);
}

void payload_lines_fill(struct payload_lines *l)
{
    if (l->finished) return;
    if (l->start > 0) {
        memmove(l->data, l->data + l->start, l->end - l->start);
        l->end -= l->start;
        l->seen -= l->start;
        l->start = 0;
    }
    if (l->end > PAYLOAD_SIZE_MAX ||
        !capacity_grow(&l->data, &l->capacity, l->end)) {
        l->failed = l->finished = true;
        return;
    }
    ssize_t got = fd_read(l->fd, l->data + l->end, l->capacity - l->end);
    if (got <= 0)
        l->finished = true;
    else
        l->end += (size_t)got;
}

bool payload_lines_next(struct payload_lines *l, struct mogi_bytes *line)
{
    if (l->start == l->end) return false;
    uint8_t *found = l->seen == l->end
                         ? NULL
                         : memchr(l->data + l->seen, '\n', l->end - l->seen);
    if (found == NULL && !l->finished) {
        l->seen = l->end;
        return false;
    }
    size_t end = found == NULL ? l->end : (size_t)(found - l->data);
    *line = (struct mogi_bytes){l->data + l->start, end - l->start};
    l->start = l->seen = found == NULL ? l->end : end + 1;
    return true;
}
