/* goodbye_test.c - DISCONNECT, both ways, and AUTH. */
#include "bench.h"
#include "core/goodbye.h"
#include "core/state.h"

/* A client with a will, and one that wants to see it. */
static uint32_t mortal(struct bench *b, uint32_t *watcher,
                       enum protocol protocol)
{
    *watcher = bench_enter(b, (struct visit){.id = "watcher"});
    bench_want(b, *watcher, "will", 0);
    struct visit v = {.id = "mortal", .protocol = protocol};
    v.will = (struct connect_will){.present = true,
                                   .topic = bytes_of("will"),
                                   .payload = bytes_of("gone")};
    return bench_enter(b, v);
}

/* Only 0x00 calls the will off. [MQTT-3.14.4-3] [MQTT3-3.14.4-3] */
static void will(void)
{
    static const struct {
        enum protocol protocol;
        uint8_t reason;
        bool published;
    } CASES[] = {{MQTT_50, 0x00, false}, {MQTT_50, 0x04, true},
                 {MQTT_50, 0x80, true},  {MQTT_50, 0x99, true},
                 {MQTT_311, 0, false},   {MQTT_31, 0, false}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bench *b = bench_new(1, bench_options());
        uint32_t watcher;
        uint32_t a = mortal(b, &watcher, CASES[i].protocol);
        bench_leave(b, a, CASES[i].reason);
        if (CASES[i].published) EXPECT_MESSAGE(b, watcher, "will", "gone");
        EXPECT_QUIET(b, watcher);
        bench_free(b);
    }
}

/* Codes that are the server's alone. */
static void code_of_servers(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t watcher;
    uint32_t a = mortal(b, &watcher, MQTT_50);
    bench_say(b, a, bench_disconnect(b, a, REASON_SESSION_TAKEN_OVER));
    EXPECT_CLOSED(b, a, REASON_PROTOCOL_ERROR);
    EXPECT_MESSAGE(b, watcher, "will", "gone");
    bench_free(b);
}

/* DISCONNECT with a session expiry. */
static struct bytes farewell(uint32_t expiry_s)
{
    uint8_t space[8];
    struct writer p = writer_at(space, sizeof space);
    property_write_number(&p, PROPERTY_SESSION_EXPIRY, expiry_s);
    struct disconnect d = {.properties = properties_of(writer_bytes(&p))};
    struct writer w = bench_paper();
    disconnect_encode(&d, MQTT_50, &w);
    return bench_written(&w);
}

/* MQTT 5.0, 3.14.2.2.2 */
static void expiry(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a", .keep = true, .expiry_s = 5};
    bench_say(b, bench_enter(b, v), farewell(20));
    bench_wait(b, 19999);
    uint32_t a = bench_knock(b, v);
    CHECK(EXPECT_CONNACK(b, a, 0).session_present);
    bench_say(b, a, farewell(0));
    EXPECT_CLOSED(b, a, 0);
    a = bench_knock(b, v);
    CHECK(!EXPECT_CONNACK(b, a, 0).session_present);
    v.expiry_s = 0;
    v.id = "b";
    a = bench_enter(b, v);
    bench_say(b, a, farewell(1));
    EXPECT_CLOSED(b, a, REASON_PROTOCOL_ERROR);
    a = bench_enter(b, v);
    bench_say(b, a, farewell(0));
    EXPECT_CLOSED(b, a, 0);
    bench_free(b);
}

/* What comes behind DISCONNECT is not looked at. */
static void nothing_behind(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t watcher;
    uint32_t a = mortal(b, &watcher, MQTT_50);
    bench_say(b, a, bytes_at("\xe0\x00\x30\x06\0\4will\xff\xff", 12));
    EXPECT_CLOSED(b, a, 0);
    EXPECT_QUIET(b, watcher);
    bench_free(b);
}

/* [MQTT-4.12.0-7] */
static void auth(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_say(b, a, bytes_at("\xf0\x07\x19\x05\x15\0\2xy", 9));
    EXPECT_CLOSED(b, a, REASON_PROTOCOL_ERROR);
    struct visit old = {.id = "b", .protocol = MQTT_311};
    uint32_t c = bench_enter(b, old);
    bench_say(b, c, bytes_at("\xf0\x00", 2));
    EXPECT_CLOSED(b, c, 0);
    bench_free(b);
}

/* A client that behaved badly is a warning, one that was replaced is not. */
static void noted(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct visit v = {.id = "a"};
    bench_enter(b, v);
    uint32_t a = bench_enter(b, v);
    CHECK_EQ(b->notes[NOTE_DISCONNECTED], 1);
    CHECK_EQ(b->notes[NOTE_ABUSE], 0);
    bench_say(b, a, bytes_at("\x00\x00", 2));
    EXPECT_CLOSED(b, a, REASON_MALFORMED_PACKET);
    CHECK_EQ(b->notes[NOTE_ABUSE], 1);
    bench_free(b);
}

int main(void)
{
    RUN(will);
    RUN(code_of_servers);
    RUN(expiry);
    RUN(nothing_behind);
    RUN(auth);
    RUN(noted);
    return check_result();
}
