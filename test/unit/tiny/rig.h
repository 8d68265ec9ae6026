/* rig.h - an engine with memory of its own, and bytes written as hex. */
#ifndef MOGI_TEST_TINY_RIG_H
#define MOGI_TEST_TINY_RIG_H

#include "check.h"
#include "mogi/tiny.h"

#include <ctype.h>

struct rig {
    struct mogi_tiny t;
    struct mogi_event event;
    struct mogi_tiny_slot slots[4];
    uint16_t received[2];
    uint8_t in[64];
    uint8_t out[128];
    uint8_t store[96];
    uint8_t aliases[32];
    uint8_t sent[4096]; /* all that left, since rig_sent_clear */
    size_t sent_size;
    uint32_t now_ms;
};

/* "20 02 0000" -> bytes; the count. */
CHECK_UNUSED static size_t rig_hex(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    while (*hex != '\0') {
        unsigned value;
        if (isspace((unsigned char)*hex)) {
            hex += 1;
            continue;
        }
        REQUIRE(sscanf(hex, "%2x", &value) == 1);
        bytes[count++] = (uint8_t)value;
        hex += 2;
    }
    return count;
}

CHECK_UNUSED static struct mogi_tiny_memory rig_memory(struct rig *r)
{
    struct mogi_tiny_memory m = {
        r->in,           sizeof r->in,     r->out, sizeof r->out, r->store,
        sizeof r->store, r->slots,         4,      r->received,   2,
        r->aliases,      sizeof r->aliases};
    return m;
}

CHECK_UNUSED static void rig_init(struct rig *r)
{
    memset(r, 0xa5, sizeof *r);
    r->sent_size = 0;
    r->now_ms = UINT32_MAX - 1000; /* so that it wraps in every test */
    struct mogi_tiny_memory m = rig_memory(r);
    mogi_tiny_init(&r->t, &m);
}

/* All output, at most `step` bytes at a time. */
CHECK_UNUSED static void rig_flush(struct rig *r, size_t step)
{
    for (;;) {
        struct mogi_bytes b = mogi_tiny_output(&r->t);
        if (b.size == 0) return;
        if (b.size > step) b.size = step;
        REQUIRE(r->sent_size + b.size <= sizeof r->sent);
        memcpy(r->sent + r->sent_size, b.data, b.size);
        r->sent_size += b.size;
        mogi_tiny_sent(&r->t, b.size, r->now_ms);
    }
}

/* What left since the last call is `hex`. */
CHECK_UNUSED static bool rig_sent_is(struct rig *r, const char *hex)
{
    uint8_t want[4096];
    size_t size = rig_hex(hex, want);
    rig_flush(r, 3);
    bool same = size == r->sent_size && memcmp(want, r->sent, size) == 0;
    if (!same) check_dump("sent", r->sent, r->sent_size);
    r->sent_size = 0;
    return same;
}

/* Feed `hex` up to the first event or error; what is left is dropped. */
CHECK_UNUSED static enum mogi_error rig_in(struct rig *r, const char *hex)
{
    static uint8_t bytes[4096];
    size_t size = rig_hex(hex, bytes);
    uint8_t *copy = check_guard(bytes, size);
    struct mogi_bytes in = {copy, size};
    enum mogi_error e = mogi_tiny_input(&r->t, &in, r->now_ms, &r->event);
    /* The event may point into the copy; it is never freed. */
    return e;
}

/* The same, a byte a call, each in memory of its own. */
CHECK_UNUSED static enum mogi_error rig_in_bytes(struct rig *r, const char *hex)
{
    uint8_t bytes[4096];
    size_t size = rig_hex(hex, bytes);
    for (size_t i = 0; i < size; i++) {
        uint8_t *copy = check_guard(bytes + i, 1);
        struct mogi_bytes in = {copy, 1};
        enum mogi_error e = mogi_tiny_input(&r->t, &in, r->now_ms, &r->event);
        check_guard_free(copy, 1);
        if (e != MOGI_OK || r->event.kind != MOGI_NOTHING) {
            CHECK_EQ(i, size - 1);
            return e;
        }
    }
    return MOGI_OK;
}

CHECK_UNUSED static struct mogi_connect rig_connect(enum mogi_version version)
{
    struct mogi_connect c;
    memset(&c, 0, sizeof c);
    c.version = version;
    c.client_id = mogi_text("a");
    c.keep_alive_s = 10;
    c.packet_size_max = UINT32_MAX;
    return c;
}

/* Connect with session kept, CONNACK given as `connack`. */
CHECK_UNUSED static void rig_open(struct rig *r, enum mogi_version version,
                                  const char *connack)
{
    struct mogi_connect c = rig_connect(version);
    REQUIRE(mogi_tiny_connect(&r->t, &c, r->now_ms) == MOGI_OK);
    rig_flush(r, 1000);
    r->sent_size = 0;
    REQUIRE(rig_in(r, connack) == MOGI_OK);
    REQUIRE(r->event.kind == MOGI_CONNECTED);
}

CHECK_UNUSED static enum mogi_error rig_publish(struct rig *r, unsigned qos,
                                                const char *payload)
{
    struct mogi_message m;
    memset(&m, 0, sizeof m);
    m.topic = mogi_text("t");
    m.payload = mogi_text(payload);
    m.qos = (uint8_t)qos;
    return mogi_tiny_publish(&r->t, &m, NULL);
}

#define RIG_311 "20 02 00 00"
#define RIG_50  "20 03 00 00 00"

#endif
