/* payload.h - what `mogi pub` sends: text, a file, or standard input, whole or
 * line by line.
 */
#ifndef MOGI_CLI_PAYLOAD_H
#define MOGI_CLI_PAYLOAD_H

#include "mogi/tiny.h"

/* The largest message that MQTT has room for, less a topic. */
enum { PAYLOAD_SIZE_MAX = 268435455 - 65535 - 16 };

/* Read all of `fd` into memory that the caller frees with free().
 *
 * NULL, and a sentence in `error`, of `size` bytes: it cannot be read, holds
 * more than PAYLOAD_SIZE_MAX bytes, or there is no memory. */
uint8_t *payload_read(int fd, size_t *count, char *error, size_t size);

/* The same for a file by its name. */
uint8_t *payload_load(const char *path, size_t *count, char *error,
                      size_t size);

/* Lines of a descriptor, as they come. */
struct payload_lines {
    int fd;
    uint8_t *data;
    size_t capacity;
    size_t start; /* of what is not yet taken */
    size_t seen;  /* up to where no end of line was found */
    size_t end;
    bool finished; /* the descriptor has no more */
    bool failed;   /* nor memory or PAYLOAD_SIZE_MAX for the line */
};

/* Freed with payload_lines_fini. */
void payload_lines_init(struct payload_lines *l, int fd);
void payload_lines_fini(struct payload_lines *l);

/* Read what has come; may wait when nothing has. */
void payload_lines_fill(struct payload_lines *l);

/* The next whole line, without its end; valid until the next fill. The last
 * one needs no end. False: none yet, or never again (l->finished). */
bool payload_lines_next(struct payload_lines *l, struct mogi_bytes *line);

#endif
