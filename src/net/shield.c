/* shield.c - see shield.h. */
#include "net/shield.h"

#include "net/socket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A place in a list of runs of bytes. */
struct place {
    const uv_buf_t *list;
    size_t count;
    size_t offset; /* in the first of them */
};

void shields_init(struct shields *all, struct pool *pool, size_t read_max)
{
    *all = (struct shields){.pool = pool};
    all->plain_size = read_max + TUNNEL_RECORD_MAX;
    buffer_init(&all->wire.out, pool);
}

void shields_fini(struct shields *all)
{
    buffer_fini(&all->wire.out);
    if (all->plain == NULL) return;
    pool_give(all->pool, all->plain, all->plain_size);
    pool_give(all->pool, all->record, TUNNEL_RECORD_MAX);
}

struct shield *shield_new(struct tls_server *server)
{
    struct shield *shield = calloc(1, sizeof *shield);
    if (shield == NULL) return NULL;
    list_init(&shield->of_greeting);
    shield->server = server_ref(server);
    return shield;
}

void shield_free(struct shield *shield)
{
    if (shield == NULL) return;
    list_remove(&shield->of_greeting);
    tunnel_free(shield->tunnel);
    server_unref(shield->server);
    free(shield->sealed);
    free(shield);
}

bool shield_waits(const struct shield *shield)
{
    return shield->sealed != NULL;
}

void shield_keep(struct shield *shield, struct bytes rest)
{
    assert(shield->sealed == NULL && rest.size > 0);
    shield->sealed = malloc(rest.size);
    if (shield->sealed == NULL) abort();
    memcpy(shield->sealed, rest.data, rest.size);
    shield->sealed_size = rest.size;
    shield->sealed_sent = 0;
}

void shield_abandon(struct shield *shield)
{
    free(shield->sealed);
    shield->sealed = NULL;
}

static bool error_passes(ssize_t error)
{
    return error == UV_EAGAIN || error == UV_ENOBUFS;
}

/* Send all of the wire's output; what the socket does not take waits. OK,
 * ERR_MORE or ERR_IO. */
static enum err out_send(struct shield *shield, struct shields *all, int fd)
{
    struct bytes rest = buffer_bytes(&all->wire.out);
    all->wire.out.size = 0;
    if (rest.size == 0) return OK;
    if (shield->sealed != NULL) {
        /* Only a few bytes of the protocol itself come behind others. */
        size_t size = shield->sealed_size + rest.size;
        uint8_t *sealed = realloc(shield->sealed, size);
        if (sealed == NULL) abort();
        memcpy(sealed + shield->sealed_size, rest.data, rest.size);
        shield->sealed = sealed;
        shield->sealed_size = size;
        return ERR_MORE;
    }
    uv_buf_t run =
        uv_buf_init((char *)(uintptr_t)rest.data, (unsigned)rest.size);
    ssize_t put = socket_write(fd, &run, 1);
    if (put < 0 && !error_passes(put)) return ERR_IO;
    rest = bytes_skip(rest, put > 0 ? (size_t)put : 0);
    if (rest.size == 0) return OK;
    shield_keep(shield, rest);
    return ERR_MORE;
}

enum err shield_flush(struct shield *shield, int fd)
{
    if (shield->sealed == NULL) return OK;
    size_t left = shield->sealed_size - shield->sealed_sent;
    uv_buf_t run = uv_buf_init((char *)shield->sealed + shield->sealed_sent,
                               (unsigned)left);
    ssize_t put = socket_write(fd, &run, 1);
    if (put < 0) return error_passes(put) ? ERR_MORE : ERR_IO;
    shield->sealed_sent += (size_t)put;
    if ((size_t)put < left) return ERR_MORE;
    shield_abandon(shield);
    return OK;
}

/* Why bytes that cannot be TLS are here. */
static void stranger_explain(struct bytes came, struct trouble_text *trouble)
{
    if (came.data[0] == 0x10) {
        explain(trouble, "the client speaks MQTT without TLS, and this port is "
                         "for TLS: give it the CA file (--cafile), or another "
                         "port");
    } else if (came.size >= 4 && memcmp(came.data, "GET ", 4) == 0) {
        explain(trouble, "the client speaks HTTP or WebSocket without TLS, and "
                         "this port is for MQTT with TLS");
    } else {
        explain(trouble, "what the client says is no TLS");
    }
}

static enum err shield_hear(struct shield *shield, struct bytes came,
                            struct trouble_text *trouble)
{
    enum { HANDSHAKE_RECORD = 0x16 };
    if (shield->heard == 0 && came.data[0] != HANDSHAKE_RECORD) {
        stranger_explain(came, trouble);
        return ERR_PROTOCOL;
    }
    shield->heard += (uint32_t)came.size;
    if (shield->heard > SHIELD_GREETING_MAX) {
        explain(trouble, "the client's handshake is longer than %d bytes",
                SHIELD_GREETING_MAX);
        return ERR_PROTOCOL;
    }
    if (shield->tunnel != NULL) return OK;
    shield->tunnel = tunnel_new(shield->server);
    if (shield->tunnel != NULL) return OK;
    explain(trouble, "there is no memory left");
    return ERR_NO_MEMORY;
}

enum err shield_greet(struct shield *shield, struct shields *all, int fd,
                      struct bytes came, struct bytes *left,
                      struct trouble_text *trouble)
{
    assert(came.size > 0);
    enum err err = shield_hear(shield, came, trouble);
    if (err != OK) return err;
    all->wire.in = came;
    err = tunnel_greet(shield->tunnel, &all->wire, trouble);
    *left = all->wire.in;
    if (err != OK && err != ERR_MORE) {
        tunnel_close(shield->tunnel, &all->wire);
        shield->closed = true;
    }
    if (out_send(shield, all, fd) != ERR_IO) return err;
    if (err == OK || err == ERR_MORE) {
        explain(trouble, "the client closed the connection");
        err = ERR_PROTOCOL;
    }
    return err;
}

static void shields_reserve(struct shields *all)
{
    if (all->plain != NULL) return;
    all->plain = pool_resize(all->pool, NULL, 0, all->plain_size);
    all->record = pool_resize(all->pool, NULL, 0, TUNNEL_RECORD_MAX);
}

enum err shield_read(struct shield *shield, struct shields *all, int fd,
                     struct bytes came, struct bytes *plain)
{
    struct trouble_text trouble;
    shields_reserve(all);
    all->wire.in = came;
    size_t got;
    enum err err = tunnel_read(shield->tunnel, &all->wire, all->plain,
                               all->plain_size, &got, &trouble);
    *plain = bytes_at(all->plain, got);
    /* A broken socket is found when it is read again. */
    if (all->wire.out.size > 0) (void)out_send(shield, all, fd);
    return err;
}

/* The next bytes of the list, as many as a record holds: where they lie, if
 * they lie together, else copied together. */
static struct bytes record_next(struct shields *all, struct place *place)
{
    size_t size = 0;
    while (place->count > 0 && size < TUNNEL_RECORD_MAX) {
        size_t left = place->list->len - place->offset;
        const uint8_t *data =
            (const uint8_t *)place->list->base + place->offset;
        size_t take = TUNNEL_RECORD_MAX - size;
        if (take > left) take = left;
        bool whole = take == TUNNEL_RECORD_MAX || place->count == 1;
        if (size == 0 && whole) {
            place->offset += take;
            if (take == left)
                *place = (struct place){place->list + 1, place->count - 1, 0};
            return bytes_at(data, take);
        }
        memcpy(all->record + size, data, take);
        size += take;
        place->offset += take;
        if (take < left) break;
        *place = (struct place){place->list + 1, place->count - 1, 0};
    }
    return bytes_at(all->record, size);
}

ssize_t shield_write(struct shield *shield, struct shields *all, int fd,
                     const uv_buf_t *list, size_t count)
{
    enum err err = shield_flush(shield, fd);
    if (err != OK) return err == ERR_MORE ? UV_EAGAIN : UV_EPIPE;
    shields_reserve(all);
    struct place place = {list, count, 0};
    size_t taken = 0;
    while (err == OK && place.count > 0 && taken < SHIELD_BURST_MAX) {
        struct bytes plain = record_next(all, &place);
        if (plain.size == 0) continue;
        if (tunnel_write(shield->tunnel, &all->wire, plain) != OK) {
            all->wire.out.size = 0;
            return UV_EPIPE;
        }
        taken += plain.size;
        if (all->wire.out.size >= SHIELD_SEND_SIZE) {
            err = out_send(shield, all, fd);
        }
    }
    if (err == OK) err = out_send(shield, all, fd);
    return err == ERR_IO ? UV_EPIPE : (ssize_t)taken;
}

struct bytes shield_seal(struct shield *shield, struct shields *all,
                         struct bytes plain, uint8_t *to)
{
    assert(shield->sealed == NULL);
    struct bytes sealed = bytes_at(to, 0);
    if (tunnel_write(shield->tunnel, &all->wire, plain) == OK) {
        sealed.size = all->wire.out.size;
        assert(sealed.size <= plain.size + TUNNEL_EXTRA_MAX);
        memcpy(to, all->wire.out.data, sealed.size);
    }
    all->wire.out.size = 0;
    return sealed;
}

void shield_close(struct shield *shield, struct shields *all, int fd)
{
    if (shield->closed || shield->tunnel == NULL) return;
    shield->closed = true;
    tunnel_close(shield->tunnel, &all->wire);
    (void)out_send(shield, all, fd);
}
