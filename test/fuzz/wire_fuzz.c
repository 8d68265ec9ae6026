/* wire_fuzz.c - every packet of every version, as a stream of bytes.
 *
 *     input   [ protocol ][ packets ... ]
 *
 * What is let through can be written, in the size that was promised, and what
 * was written is let through again and written the same. Where a stream is cut
 * makes no difference.
 */
#include "fuzz.h"
#include "wire/packets.h"

enum { ROOM = 1 << 16 };

static enum protocol cut_as(struct bytes in, enum protocol protocol)
{
    bool connect = in.size > 0 && in.data[0] >> 4 == PACKET_CONNECT;
    return connect ? MQTT_NONE : protocol;
}

/* Whoever has fewer bytes of the packet cannot say anything else about it but
 * that they need more. */
static void check_cuts(struct bytes in, enum protocol protocol, enum err e)
{
    struct frame f;
    for (size_t size = 0; size < in.size && size < 8; size++) {
        enum err before =
            frame_next(bytes_at(in.data, size), protocol, UINT32_MAX, &f);
        PROMISE(before == ERR_MORE || before == e ||
                (e == OK && f.size == size));
    }
}

static enum err again(const struct frame *f, enum protocol protocol,
                      struct writer *w)
{
    size_t promised = 0;
    enum err e = packets_again(f, protocol, w, &promised);
    PROMISE(check_failures == 0);
    if (e != OK) return e;
    PROMISE(!w->failed);
    PROMISE(writer_bytes(w).size == promised);
    return OK;
}

/* Decode one packet, write it, decode that and write it. */
static void check_frame(const struct frame *f, enum protocol protocol)
{
    static uint8_t first[2 * ROOM], second[2 * ROOM];
    struct writer w = writer_at(first, sizeof first);
    enum err e = again(f, protocol, &w);
    if (e != OK) {
        PROMISE(e != ERR_MORE);
        PROMISE(err_code(e) >= 0x80);
        return;
    }
    struct bytes once = writer_bytes(&w);
    uint8_t *copy = fuzz_copy(once);
    struct frame g;
    e = frame_next(bytes_at(copy, once.size), cut_as(once, protocol),
                   UINT32_MAX, &g);
    PROMISE(e == OK);
    PROMISE(g.size == once.size);
    PROMISE(g.type == f->type);
    w = writer_at(second, sizeof second);
    e = again(&g, protocol, &w);
    PROMISE(e == OK);
    PROMISE(bytes_equal(writer_bytes(&w), once));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum protocol PROTOCOLS[] = {MQTT_31, MQTT_311, MQTT_50};
    if (size == 0 || size > ROOM) return 0;
    enum protocol protocol = PROTOCOLS[data[0] % 3];
    struct bytes in = bytes_at(data + 1, size - 1);
    while (in.size > 0) {
        struct frame f = {0};
        enum protocol cut = cut_as(in, protocol);
        enum err e = frame_next(in, cut, UINT32_MAX, &f);
        check_cuts(in, cut, e);
        if (e != OK) break;
        PROMISE(f.size >= 2 && f.size <= in.size);
        PROMISE(f.body.size < f.size);
        uint8_t *body = fuzz_copy(f.body);
        struct bytes rest = bytes_skip(in, f.size);
        f.body = bytes_at(body, f.body.size);
        check_frame(&f, protocol);
        free(body);
        in = rest;
    }
    return 0;
}
