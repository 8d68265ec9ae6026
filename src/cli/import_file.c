/* import_file.c - see import_file.h. */
#include "cli/import_file.h"

#include "wire/publish.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- rows ----------------------------------------------------------------- */

/* One row more, of `size` bytes: a copy of `item`. */
static void rows_add(struct import_rows *rows, const void *item, size_t size)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity * 2 + 64;
        rows->items = realloc(rows->items, rows->capacity * size);
        if (rows->items == NULL) abort();
    }
    memcpy((uint8_t *)rows->items + rows->count++ * size, item, size);
}

static void rows_sort(struct import_rows *rows, size_t size,
                      int (*compare)(const void *a, const void *b))
{
    if (rows->count > 0) qsort(rows->items, rows->count, size, compare);
}

static void *rows_find(const struct import_rows *rows, const void *key,
                       size_t size,
                       int (*compare)(const void *a, const void *b))
{
    if (rows->count == 0) return NULL;
    return bsearch(key, rows->items, rows->count, size, compare);
}

static int message_compare(const void *a, const void *b)
{
    const struct import_message *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int client_compare(const void *a, const void *b)
{
    struct bytes x = ((const struct import_client *)a)->chunk.client;
    struct bytes y = ((const struct import_client *)b)->chunk.client;
    size_t size = x.size < y.size ? x.size : y.size;
    int order = size == 0 ? 0 : memcmp(x.data, y.data, size);
    return order != 0 ? order : x.size < y.size ? -1 : x.size > y.size;
}

struct import_message *import_file_message(const struct import_file *f,
                                           uint64_t number)
{
    struct import_message key = {.number = number};
    return rows_find(&f->messages, &key, sizeof key, message_compare);
}

struct import_client *import_file_client(const struct import_file *f,
                                         struct bytes id)
{
    struct import_client key = {.chunk = {.client = id}};
    return rows_find(&f->clients, &key, sizeof key, client_compare);
}

/* --- the file ------------------------------------------------------------- */

/* A session that lasts: one without expiry, or with one that is to come. */
static bool client_lasts(const struct import_file *f,
                         const struct mosquitto_chunk *c)
{
    if (c->client.size == 0 || c->expiry_s == 0) return false;
    if (!utf8_valid(c->client)) return false;
    return c->expiry_s == UINT32_MAX || c->expires_s == 0 ||
           c->expires_s > f->now_s;
}

/* `c`, which stands at `here`, becomes a row if others refer to it. */
static void chunk_index(struct import_file *f, const struct mosquitto_chunk *c,
                        struct bytes here)
{
    struct import_message message = {.number = c->message, .chunk = here};
    struct import_client client = {.chunk = *c};
    if (c->kind == MOSQUITTO_MESSAGE) {
        rows_add(&f->messages, &message, sizeof message);
    } else if (c->kind == MOSQUITTO_SUBSCRIPTION) {
        rows_add(&f->subscriptions, c, sizeof *c);
    } else if (c->kind == MOSQUITTO_CLIENT && client_lasts(f, c)) {
        rows_add(&f->clients, &client, sizeof client);
    }
}

static enum err file_index(struct import_file *f)
{
    struct mosquitto_chunk c;
    enum err e = mosquitto_open(&f->start, f->bytes);
    struct mosquitto_reader at = f->start;
    while (e == OK) {
        struct bytes here = at.left;
        e = mosquitto_next(&at, &c);
        if (e != OK || c.kind == MOSQUITTO_END) break;
        chunk_index(f, &c, here);
    }
    rows_sort(&f->messages, sizeof(struct import_message), message_compare);
    rows_sort(&f->clients, sizeof(struct import_client), client_compare);
    return e;
}

/* The whole file; false: there is none, or nothing in it. */
static bool file_map(struct import_file *f, const char *path)
{
    struct stat about;
    void *map = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0 &&
        (uint64_t)about.st_size <= SIZE_MAX) {
        size_t size = (size_t)about.st_size;
        map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED) f->bytes = bytes_at(map, size);
    }
    if (fd >= 0) (void)close(fd);
    return map != MAP_FAILED;
}

bool import_file_open(struct import_file *f, const char *path, uint64_t now_s)
{
    *f = (struct import_file){.now_s = now_s};
    if (!file_map(f, path)) {
        (void)fprintf(stderr, "mogi: %s cannot be read, or is empty\n", path);
        return false;
    }
    enum err e = file_index(f);
    if (e == ERR_VERSION) {
        (void)fprintf(stderr,
                      "mogi: %s is of version %u; those from 2 to 6 are "
                      "known\n",
                      path, f->start.version);
    } else if (e != OK) {
        (void)fprintf(stderr,
                      "mogi: %s is no mosquitto.db, or is cut off: let "
                      "Mosquitto write it again (SIGUSR1, or stop it)\n",
                      path);
    }
    return e == OK;
}

void import_file_close(struct import_file *f)
{
    free(f->messages.items);
    free(f->clients.items);
    free(f->subscriptions.items);
    if (f->bytes.size == 0) return;
    (void)munmap((void *)(uintptr_t)f->bytes.data, f->bytes.size);
}

bool import_file_read(const struct import_file *f,
                      const struct import_message *found, struct message *m,
                      uint8_t *forward)
{
    struct mosquitto_chunk c;
    struct mosquitto_reader at = {found->chunk, f->start.version};
    if (mosquitto_next(&at, &c) != OK) return false;
    if (!utf8_valid(c.topic) || !topic_name_valid(c.topic) || c.qos > 2) {
        return false;
    }
    if (c.expires_s != 0 && c.expires_s <= f->now_s) return false;
    *m = (struct message){.topic = c.topic,
                          .payload = c.payload,
                          .qos = c.qos,
                          .retain = c.retain,
                          .expires_ms = c.expires_s * 1000};
    if (c.properties.size == 0) return true;
    struct properties p;
    struct reader r = reader_of(c.properties);
    if (properties_decode(&r, PACKET_PUBLISH, &p) != OK) return false;
    struct writer w = writer_at(forward, c.properties.size);
    properties_forward_write(&p, &w);
    m->forward = writer_bytes(&w);
    return true;
}
