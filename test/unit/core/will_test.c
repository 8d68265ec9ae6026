/* will_test.c - the message that a client leaves behind. */
#include "bench.h"
#include "core/retain.h"
#include "core/state.h"
#include "core/will.h"

static const struct visit WATCHER = {.id = "watcher"};

/* One that wants "will/#", at three shards. */
static struct bench *watch(uint32_t *watcher)
{
    struct bench *b = bench_new(3, bench_options());
    *watcher = bench_enter(b, WATCHER);
    bench_want(b, *watcher, "will/#", 2);
    return b;
}

/* A client with a will that is due after `delay_s`. */
static struct visit mortal(uint32_t delay_s, uint32_t expiry_s)
{
    static uint8_t space[64];
    struct writer w = writer_at(space, sizeof space);
    if (delay_s > 0) property_write_number(&w, PROPERTY_WILL_DELAY, delay_s);
    property_write_text(&w, PROPERTY_CONTENT_TYPE, bytes_of("obituary"));
    property_write_number(&w, PROPERTY_MESSAGE_EXPIRY, 90);
    struct visit v = {.id = "mortal", .keep = true, .expiry_s = expiry_s};
    v.will = (struct connect_will){.present = true,
                                   .qos = 1,
                                   .topic = bytes_of("will/1"),
                                   .payload = bytes_of("gone")};
    v.will.properties = properties_of(writer_bytes(&w));
    return v;
}

/* At once when there is no delay, with its properties. [MQTT-3.1.2-8] */
static void at_once(void)
{
    uint32_t watcher;
    struct bench *b = watch(&watcher);
    uint32_t a = bench_enter(b, mortal(0, 60));
    bench_cut(b, a);
    struct publish p = EXPECT_MESSAGE(b, watcher, "will/1", "gone");
    CHECK_EQ(p.qos, 1);
    CHECK_EQ(p.properties.message_expiry_s, 90);
    CHECK(bytes_equal(p.properties.content_type, bytes_of("obituary")));
    bench_wait(b, 60000);
    EXPECT_QUIET(b, watcher);
    bench_free(b);
}

/* After the delay, or when the session ends if that is earlier. Its expiry
 * counts from then. */
static void delay(void)
{
    static const struct {
        uint32_t delay_s, expiry_s, due_ms;
    } CASES[] = {{5, 60, 5000},
                 {60, 5, 5000},
                 {5, 5, 5000},
                 {5, 0, 0},
                 {5, UINT32_MAX, 5000}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint32_t watcher;
        struct bench *b = watch(&watcher);
        struct visit v = mortal(CASES[i].delay_s, CASES[i].expiry_s);
        uint32_t a = bench_enter(b, v);
        bench_cut(b, a);
        if (CASES[i].due_ms > 0) {
            bench_wait(b, CASES[i].due_ms - 1);
            EXPECT_QUIET(b, watcher);
            bench_wait(b, 1);
        }
        struct publish p = EXPECT_MESSAGE(b, watcher, "will/1", "gone");
        CHECK_EQ(p.properties.message_expiry_s, 90);
        bench_wait(b, 100000);
        EXPECT_QUIET(b, watcher);
        bench_free(b);
    }
}

/* Who comes back in time calls it off; a new session does not.
 * [MQTT-3.1.3-9] */
static void called_off(void)
{
    uint32_t watcher;
    struct bench *b = watch(&watcher);
    struct visit v = mortal(5, 60);
    uint32_t a = bench_enter(b, v);
    bench_cut(b, a);
    bench_wait(b, 4999);
    struct visit back = {.id = "mortal", .keep = true, .expiry_s = 60};
    a = bench_enter(b, back);
    bench_wait(b, 100000);
    EXPECT_QUIET(b, watcher);
    bench_cut(b, a);
    bench_wait(b, 100000);
    EXPECT_QUIET(b, watcher);
    bench_cut(b, bench_enter(b, v));
    back.keep = false;
    bench_enter(b, back);
    EXPECT_MESSAGE(b, watcher, "will/1", "gone");
    bench_free(b);
}

/* Taken over: as with any other end of the connection. */
static void taken_over(void)
{
    uint32_t watcher;
    struct bench *b = watch(&watcher);
    struct visit v = mortal(0, 60);
    bench_enter(b, v);
    bench_enter(b, v);
    EXPECT_MESSAGE(b, watcher, "will/1", "gone");
    v = mortal(5, 60);
    bench_enter(b, v);
    EXPECT_MESSAGE(b, watcher, "will/1", "gone");
    bench_enter(b, v);
    bench_wait(b, 10000);
    EXPECT_QUIET(b, watcher);
    bench_free(b);
}

/* Retained by whoever keeps its topic. [MQTT-3.1.2-15] */
static void retained(void)
{
    uint32_t watcher;
    struct bench *b = watch(&watcher);
    struct visit v = mortal(0, 0);
    v.will.retain = true;
    bench_cut(b, bench_enter(b, v));
    CHECK(!EXPECT_MESSAGE(b, watcher, "will/1", "gone").retain);
    bench_want(b, watcher, "will/+", 1);
    CHECK(EXPECT_MESSAGE(b, watcher, "will/1", "gone").retain);
    bench_free(b);
}

/* The last connection's will is the one that counts, also when it has none. */
static void replaced(void)
{
    uint32_t watcher;
    struct bench *b = watch(&watcher);
    struct visit v = mortal(30, 60);
    uint32_t a = bench_enter(b, v);
    v.will.payload = bytes_of("second");
    uint32_t second = bench_enter(b, v);
    EXPECT_CLOSED(b, a, REASON_SESSION_TAKEN_OVER);
    bench_cut(b, second);
    bench_wait(b, 30000);
    EXPECT_MESSAGE(b, watcher, "will/1", "second");
    EXPECT_QUIET(b, watcher);
    bench_free(b);
}

/* What may not be left: told in CONNACK. [MQTT-3.2.2-12] [MQTT-3.2.2-13] */
static void refused(void)
{
    struct options options = bench_options();
    options.listener.max_qos = 0;
    options.retain_available = false;
    options.message_size_limit = 4;
    options.check_payload_format = true;
    struct bench *b = bench_new(1, options);
    struct visit v = {.id = "a"};
    v.will = (struct connect_will){.present = true, .topic = bytes_of("t")};
    EXPECT_CONNACK(b, bench_knock(b, v), 0);
    v.will.qos = 1;
    EXPECT_CONNACK(b, bench_knock(b, v), REASON_QOS_NOT_SUPPORTED);
    v.will.qos = 0;
    v.will.retain = true;
    EXPECT_CONNACK(b, bench_knock(b, v), REASON_RETAIN_NOT_SUPPORTED);
    v.will.retain = false;
    v.will.payload = bytes_of("12345");
    EXPECT_CONNACK(b, bench_knock(b, v), REASON_PACKET_TOO_LARGE);
    v.will.payload = bytes_of("\xff");
    v.will.properties = properties_of(bytes_at("\1\1", 2));
    EXPECT_CONNACK(b, bench_knock(b, v), REASON_PAYLOAD_FORMAT_INVALID);
    v.will.payload = bytes_of("");
    v.will.topic = bytes_of("$SYS/x");
    EXPECT_CONNACK(b, bench_knock(b, v), REASON_NOT_AUTHORIZED);
    bench_free(b);
}

int main(void)
{
    RUN(at_once);
    RUN(delay);
    RUN(called_off);
    RUN(taken_over);
    RUN(retained);
    RUN(replaced);
    RUN(refused);
    return check_result();
}
