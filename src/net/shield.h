/* shield.h - TLS between a stream and its socket.
 *
 *     stream  -- runs -->  records of up to 16 KiB  -- one call -->  socket
 *     stream  <-- bytes -- all that one read brought <-------------- socket
 *
 * Records that the socket does not take wait here; there are no new ones before
 * they have left, so a slow peer costs one burst and its backlog stays plain.
 * For stream.c; negative results are errors of libuv's.
 */
#ifndef MOGI_NET_SHIELD_H
#define MOGI_NET_SHIELD_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"
#include "base/pool.h"
#include "tls/tunnel.h"

#include <uv.h>

enum {
    /* Plain bytes that one call encrypts at most. */
    SHIELD_BURST_MAX = 256 * 1024,

    /* Encrypted bytes for one system call. */
    SHIELD_SEND_SIZE = 64 * 1024,

    /* What a client may say in its handshake, in bytes. */
    SHIELD_GREETING_MAX = 128 * 1024
};

struct stream;

/* What all of a loop share. */
struct shields {
    struct pool *pool;
    struct wire wire;
    uint8_t *plain; /* what one read decrypts to; NULL until it is needed */
    size_t plain_size;
    uint8_t *record; /* small runs on their way into one record */
};

/* The TLS of one stream. It goes with the socket to another thread. */
struct shield {
    struct link of_greeting; /* has something to do in its handshake */
    struct stream *stream;   /* whose it is, during the handshake */
    struct tls_server *server;
    struct tunnel *tunnel; /* NULL until the client has said something */
    uint8_t *sealed;       /* records that wait; from malloc */
    size_t sealed_size, sealed_sent;
    uint32_t heard; /* bytes of the handshake */
    bool closed;    /* the peer was told that no more comes */
};

/* Nothing shared yet. `read_max` is the most that one read brings. */
void shields_init(struct shields *all, struct pool *pool, size_t read_max);

/* Give everything back. */
void shields_fini(struct shields *all);

/* TLS as `server` says, which is borrowed: it takes a reference of its own.
 * NULL when there is no memory. */
struct shield *shield_new(struct tls_server *server);

/* Forget it; NULL is fine. */
void shield_free(struct shield *shield);

/* Go on with the handshake with `came`, 1 byte or more, and send the answer to
 * `fd`.
 *
 *   left     receives what is no part of it, for shield_read
 *   trouble  why it failed
 *
 * OK: done. ERR_MORE. Others: it failed, and the peer has been told. */
MUST_USE
enum err shield_greet(struct shield *shield, struct shields *all, int fd,
                      struct bytes came, struct bytes *left,
                      struct trouble_text *trouble);

/* What `came` means. `plain` receives it, in any case; it is valid until the
 * next call.
 *
 * OK. ERR_CLOSED: nothing more comes. ERR_PROTOCOL: it is no TLS any more. */
MUST_USE
enum err shield_read(struct shield *shield, struct shields *all, int fd,
                     struct bytes came, struct bytes *plain);

/* As socket_write: encrypt what `list` names, as far as `fd` takes it. Returns
 * how many of its bytes are taken care of, or an error. */
ssize_t shield_write(struct shield *shield, struct shields *all, int fd,
                     const uv_buf_t *list, size_t count);

/* Encrypt `plain`, 1 to TUNNEL_RECORD_MAX bytes, to `to`, where there is room
 * for it and TUNNEL_EXTRA_MAX more; nothing may wait for the socket. Returns
 * what there is to send; no bytes: nothing can be sent any more. */
struct bytes shield_seal(struct shield *shield, struct shields *all,
                         struct bytes plain, uint8_t *to);

/* The socket did not take `rest`, which was encrypted; it is copied. Nothing
 * waits yet. */
void shield_keep(struct shield *shield, struct bytes rest);

/* The socket is broken: forget what waits for it. */
void shield_abandon(struct shield *shield);

/* Send what waits. OK or ERR_MORE: not all of it went. ERR_IO: the socket is
 * broken. */
MUST_USE
enum err shield_flush(struct shield *shield, int fd);

/* Does something wait for the socket? */
bool shield_waits(const struct shield *shield);

/* Tell the peer, once, that no more comes. */
void shield_close(struct shield *shield, struct shields *all, int fd);

#endif
