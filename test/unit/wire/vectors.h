/* vectors.h - run a file of test/vector/: packets as annotated hex.
 *
 *     name      connect: will of QoS 3
 *     protocol  3.1.1                  3.1, 3.1.1 or 5.0
 *     limit     100                    largest packet accepted; optional
 *     expect    ERR_MALFORMED          OK, or the error's name
 *       10 0c                          # what these bytes are
 *       00 04 4d 51 54 54              # "MQTT"
 *     again                            optional: the bytes that an encoder
 *       10 0b ...                      makes of it, where they differ
 *
 * A line of hex belongs to the vector above it; `#` starts a comment. Each
 * vector is decoded, encoded again and compared; then cut short everywhere;
 * then changed at random (fixed seed), as every protocol.
 */
#ifndef MOGI_TEST_VECTORS_H
#define MOGI_TEST_VECTORS_H

#include "wire/packets.h"

#include <ctype.h>

enum {
    VECTOR_SIZE_MAX = 4096,
    VECTOR_MUTATIONS = 20000,
};

struct vector {
    char name[128];
    char expect[128];
    enum protocol protocol;
    uint32_t limit;
    uint8_t in[VECTOR_SIZE_MAX];
    size_t in_size;
    uint8_t again[VECTOR_SIZE_MAX];
    size_t again_size; /* 0: the same as `in` */
};

static const enum protocol VECTOR_PROTOCOLS[] = {MQTT_31, MQTT_311, MQTT_50};

static void vector_fail(const struct vector *v, const char *what)
{
    fprintf(stderr, "  in vector \"%s\": %s\n", v->name, what);
}

/* Cut and decode `in`, at the guard page; write it again to `w`. */
static enum err vector_decode(struct bytes in, enum protocol protocol,
                              uint32_t limit, struct writer *w)
{
    struct frame f;
    struct bytes guarded = packets_guard(in);
    enum protocol cut = protocol;
    if (in.size > 0 && in.data[0] >> 4 == PACKET_CONNECT) cut = MQTT_NONE;
    enum err e = frame_next(guarded, cut, limit, &f);
    if (e != OK) return e;
    size_t size = 0;
    e = packets_again(&f, protocol, w, &size);
    if (e != OK) return e;
    CHECK(!w->failed);
    CHECK_EQ(writer_bytes(w).size, size);
    return OK;
}

static void vector_check(const struct vector *v)
{
    static uint8_t room[2 * VECTOR_SIZE_MAX];
    struct writer w = writer_at(room, sizeof room);
    struct bytes in = bytes_at(v->in, v->in_size);
    enum err e = vector_decode(in, v->protocol, v->limit, &w);
    if (!CHECK_STR(err_name(e), v->expect)) vector_fail(v, "another result");
    if (e != OK) return;
    struct bytes want = in;
    if (v->again_size > 0) want = bytes_at(v->again, v->again_size);
    struct bytes is = writer_bytes(&w);
    if (!CHECK_BYTES(is.data, is.size, want.data, want.size))
        vector_fail(v, "encoded differently");
}

/* May a packet that is cut short, its length with it, still be a good one? */
static bool vector_may_shorten(const struct frame *f, enum protocol protocol)
{
    switch (f->type) {
    case PACKET_CONNECT: return protocol == MQTT_31;
    case PACKET_CONNACK:
    case PACKET_PINGREQ:
    case PACKET_PINGRESP: return false;
    default: return true;
    }
}

/* Every prefix of the bytes, and of the body with a length that agrees. */
static void vector_cut(const struct vector *v)
{
    bool good = strcmp(v->expect, "OK") == 0;
    static uint8_t room[2 * VECTOR_SIZE_MAX];
    struct bytes in = bytes_at(v->in, v->in_size);
    struct writer w = writer_at(room, sizeof room);
    for (size_t size = 0; size < in.size; size++) {
        enum err e =
            vector_decode(bytes_at(in.data, size), v->protocol, v->limit, &w);
        if (!CHECK(e != OK)) vector_fail(v, "whole though cut short");
        if (good) CHECK_EQ(e, ERR_MORE);
    }
    struct frame f;
    if (frame_next(in, MQTT_31, UINT32_MAX, &f) != OK) return;
    if (f.type == PACKET_NONE) return;
    struct bytes body = f.body;
    for (size_t size = 0; size < body.size; size++) {
        f.body = packets_guard(bytes_at(body.data, size));
        w = writer_at(room, sizeof room);
        size_t promised = 0;
        enum err e = packets_again(&f, v->protocol, &w, &promised);
        if (e != OK) continue;
        if (good && !CHECK(vector_may_shorten(&f, v->protocol)))
            vector_fail(v, "decoded though cut short");
        CHECK_EQ(writer_bytes(&w).size, promised);
    }
}

/* xorshift64*: the same on every machine. */
static uint32_t vector_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)(*state * 2685821657736338717u >> 32);
}

static size_t vector_mutate(uint8_t *b, size_t size, uint64_t *state)
{
    static const uint8_t BYTES[] = {0x00, 0x01, 0x02, 0x03, 0x7f,
                                    0x80, 0xff, '#',  '+',  '$'};
    unsigned count = 1 + vector_random(state) % 3;
    for (unsigned i = 0; i < count && size > 0; i++) {
        size_t at = vector_random(state) % size;
        uint32_t dice = vector_random(state);
        switch (dice % 5) {
        case 0: b[at] ^= (uint8_t)(1u << (dice >> 8) % 8); break;
        case 1: b[at] = (uint8_t)(dice >> 8); break;
        case 2: b[at] = BYTES[(dice >> 8) % sizeof BYTES]; break;
        case 3:
            memmove(b + at, b + at + 1, size - at - 1);
            size--;
            break;
        default:
            memmove(b + at + 1, b + at, size - at);
            b[at] = (uint8_t)(dice >> 8);
            size++;
        }
        /* Half the time keep the length true, to get at what lies deeper. */
        if (dice >> 31 && size >= 2 && size - 2 < 0x80)
            b[1] = (uint8_t)(size - 2);
    }
    return size;
}

/* What a decoder lets through can be written, and what was written is let
 * through and written the same. */
static void vector_random_check(const struct vector *v, struct bytes in,
                                enum protocol protocol)
{
    static uint8_t first[2 * VECTOR_SIZE_MAX];
    static uint8_t second[2 * VECTOR_SIZE_MAX];
    struct writer w = writer_at(first, sizeof first);
    if (vector_decode(in, protocol, UINT32_MAX, &w) != OK) return;
    struct bytes once = writer_bytes(&w);
    struct writer again = writer_at(second, sizeof second);
    enum err e = vector_decode(once, protocol, UINT32_MAX, &again);
    struct bytes twice = writer_bytes(&again);
    if (!CHECK_EQ(e, OK) ||
        !CHECK_BYTES(twice.data, twice.size, once.data, once.size))
        vector_fail(v, "changed: not the same again");
}

static void vector_change(const struct vector *v)
{
    static uint8_t b[VECTOR_SIZE_MAX + 8];
    uint64_t state = 8471;
    for (unsigned i = 0; i < VECTOR_MUTATIONS; i++) {
        memcpy(b, v->in, v->in_size);
        size_t size = vector_mutate(b, v->in_size, &state);
        vector_random_check(v, bytes_at(b, size), VECTOR_PROTOCOLS[i % 3]);
    }
}

static void vector_run(const struct vector *v)
{
    if (v->name[0] == '\0') return;
    if (!CHECK(v->in_size > 0 && v->expect[0] != '\0')) {
        vector_fail(v, "incomplete");
        return;
    }
    vector_check(v);
    vector_cut(v);
    vector_change(v);
}

static enum protocol vector_protocol(const char *text)
{
    if (strcmp(text, "3.1") == 0) return MQTT_31;
    if (strcmp(text, "3.1.1") == 0) return MQTT_311;
    REQUIRE(strcmp(text, "5.0") == 0);
    return MQTT_50;
}

/* Append a line of hex. */
static void vector_hex(const char *line, uint8_t *to, size_t *size)
{
    char *end;
    for (;;) {
        unsigned long byte = strtoul(line, &end, 16);
        if (end == line) break;
        REQUIRE(byte <= 0xff && end - line <= 4);
        REQUIRE(*size < VECTOR_SIZE_MAX);
        to[(*size)++] = (uint8_t)byte;
        line = end;
    }
    while (isspace((unsigned char)*line))
        line++;
    REQUIRE(*line == '\0');
}

/* Take one line, comment and end cut off. True when it belongs to `v`. */
static void vector_line(struct vector *v, const char *line, bool *in_again)
{
    char key[16] = "";
    char value[128] = "";
    if (isspace((unsigned char)line[0])) {
        if (*in_again)
            vector_hex(line, v->again, &v->again_size);
        else
            vector_hex(line, v->in, &v->in_size);
        return;
    }
    if (sscanf(line, "%15s %127[^\n]", key, value) < 1) return;
    if (strcmp(key, "name") == 0) {
        vector_run(v);
        *v = (struct vector){.limit = UINT32_MAX};
        *in_again = false;
        snprintf(v->name, sizeof v->name, "%s", value);
    } else if (strcmp(key, "protocol") == 0) {
        v->protocol = vector_protocol(value);
    } else if (strcmp(key, "expect") == 0) {
        snprintf(v->expect, sizeof v->expect, "%s", value);
    } else if (strcmp(key, "limit") == 0) {
        v->limit = (uint32_t)strtoul(value, NULL, 10);
    } else {
        REQUIRE(strcmp(key, "again") == 0);
        *in_again = true;
    }
}

/* Run all of test/vector/`file`, which holds at least `count` vectors. */
CHECK_UNUSED static void vectors_run(const char *file, unsigned count)
{
    static struct vector v;
    char path[512];
    char line[512];
    bool in_again = false;
    unsigned found = 0;
    snprintf(path, sizeof path, "%s/test/vector/%s", MOGI_SOURCE_DIR, file);
    FILE *f = fopen(path, "r");
    REQUIRE(f != NULL);
    v = (struct vector){0};
    while (fgets(line, sizeof line, f) != NULL) {
        size_t size = strcspn(line, "#\r\n");
        while (size > 0 && isspace((unsigned char)line[size - 1]))
            size--;
        line[size] = '\0';
        if (strncmp(line, "name", 4) == 0) found++;
        vector_line(&v, line, &in_again);
    }
    vector_run(&v);
    fclose(f);
    CHECK(found >= count);
}

#endif
