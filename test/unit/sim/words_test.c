/* words_test.c - packets in words: to bytes, back, compared, printed. */
#include "check.h"
#include "sim/words.h"
#include "unit_pool.h"

/* `words` in version `version` are the `size` bytes at `want`. */
static void encodes(struct words *words, unsigned version, const void *want,
                    size_t size)
{
    struct pool *pool = unit_pool();
    struct buffer out;
    buffer_init(&out, pool);
    words_encode(words, version, &out);
    CHECK_BYTES(out.data, out.size, want, size);
    buffer_fini(&out);
    pool_free(pool);
    words_free(words);
}

static void connect_is_encoded(void)
{
    struct words *w = words_new(PACKET_CONNECT);
    words_text_add(w, "id", bytes_of("ab"));
    words_number_add(w, "keepalive", 10);
    words_number_add(w, "receive_max", 3);
    words_text_add(w, "will", bytes_of("w"));
    words_text_add(w, "will_payload", bytes_of("x"));
    words_number_add(w, "will_delay", 5);
    words_text_add(w, "user", bytes_of("u"));
    static const uint8_t want[] = {0x10, 34,  0,  4,    'M',  'Q', 'T', 'T', 5,
                                   0x86, 0,   10, 3,    0x21, 0,   3,   0,   2,
                                   'a',  'b', 5,  0x18, 0,    0,   0,   5,   0,
                                   1,    'w', 0,  1,    'x',  0,   1,   'u'};
    uint8_t exact[sizeof(want)];
    memcpy(exact, want, sizeof(want));
    exact[1] = sizeof(want) - 2;
    encodes(w, 5, exact, sizeof(exact));
}

static void subscribe_is_encoded(void)
{
    struct words *w = words_new(PACKET_SUBSCRIBE);
    words_number_add(w, "pid", 258);
    words_text_add(w, "filter", bytes_of("a"));
    words_number_add(w, "qos", 2);
    words_number_add(w, "nl", 1);
    words_text_add(w, "filter", bytes_of("b"));
    words_number_add(w, "rap", 1);
    words_number_add(w, "rh", 2);
    encodes(w, 4, "\x82\x0a\x01\x02\0\1a\x06\0\1b\x28", 12);
}

static void publish_goes_there_and_back(void)
{
    static const uint8_t bytes[] = {0x3b, 16,   0, 1, 't', 0, 7, 9,   0x01,
                                    1,    0x26, 0, 1, 'k', 0, 1, 'v', 'p'};
    struct words *got = NULL;
    size_t size = 0;
    for (size_t cut = 0; cut < sizeof(bytes); cut++) {
        CHECK_EQ(words_decode(bytes_at(bytes, cut), 5, &got, &size), ERR_MORE);
    }
    REQUIRE(words_decode(bytes_at(bytes, sizeof(bytes)), 5, &got, &size) == OK);
    CHECK_EQ(size, sizeof(bytes));
    CHECK_EQ(words_number(got, "qos", 9), 1);
    CHECK_EQ(words_number(got, "dup", 9), 1);
    CHECK_EQ(words_number(got, "retain", 9), 1);
    CHECK_EQ(words_number(got, "pid", 9), 7);
    CHECK_EQ(words_number(got, "format", 9), 1);
    CHECK(bytes_equal(words_text(got, "user"), bytes_of("k:v")));
    CHECK(bytes_equal(words_text(got, "payload"), bytes_of("p")));
    char text[200];
    words_print(got, text, sizeof(text));
    CHECK(strstr(text, "publish topic=\"t\"") == text);
    CHECK(strstr(text, "user=\"k:v\"") != NULL);
    struct words *same = words_new(PACKET_PUBLISH);
    words_text_add(same, "topic", bytes_of("t"));
    words_text_add(same, "payload", bytes_of("p"));
    words_number_add(same, "qos", 1);
    words_number_add(same, "dup", 1);
    words_number_add(same, "retain", 1);
    words_number_add(same, "pid", 7);
    words_number_add(same, "format", 1);
    words_text_add(same, "user", bytes_of("k:v"));
    encodes(same, 5, bytes, sizeof(bytes));
    words_free(got);
}

/* Is `bytes` a packet that a client can read? */
static enum err decodes(const char *bytes, size_t size, unsigned version)
{
    struct words *got = NULL;
    size_t used;
    uint8_t *guarded = check_guard(bytes, size);
    enum err e = words_decode(bytes_at(guarded, size), version, &got, &used);
    check_guard_free(guarded, size);
    if (e == OK) words_free(got);
    return e;
}

static void broken_packets_are_seen(void)
{
    CHECK_EQ(decodes("\x20\x02\x00\x00", 4, 4), OK);
    CHECK_EQ(decodes("\x20\x02\x00\x00", 4, 5), ERR_MALFORMED);
    CHECK_EQ(decodes("\x21\x02\x00\x00", 4, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x20\x03\x00\x00\x00", 5, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x20\x06\x00\x00\x03\x22\x00\x01", 8, 5), OK);
    CHECK_EQ(decodes("\x20\x05\x00\x00\x02\x01\x00", 7, 5), ERR_MALFORMED);
    CHECK_EQ(decodes("\x38\x04\x00\x01tx", 6, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x32\x06\x00\x01t\x00\x00x", 8, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x36\x06\x00\x01t\x00\x01x", 8, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x60\x02\x00\x01", 4, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x90\x02\x00\x01", 4, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\xe0\x00", 2, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x82\x06\x00\x01\x00\x01t\x00", 8, 4), ERR_MALFORMED);
    CHECK_EQ(decodes("\x30\xff\xff\xff\xff\x01", 6, 4), ERR_MALFORMED);
}

/* The fields of "pid=.. user.." to compare. */
static struct words *puback(uint32_t pid, const char *first, const char *second)
{
    struct words *w = words_new(PACKET_PUBACK);
    words_number_add(w, "pid", pid);
    if (first != NULL) words_text_add(w, "user", bytes_of(first));
    if (second != NULL) words_text_add(w, "user", bytes_of(second));
    return w;
}

static bool matches(struct words *want, struct words *got)
{
    bool match = words_match(want, got);
    words_free(want);
    words_free(got);
    return match;
}

static void comparison_is_exact_where_asked(void)
{
    CHECK(matches(puback(1, NULL, NULL), puback(1, "a:b", NULL)));
    CHECK(!matches(puback(1, NULL, NULL), puback(2, NULL, NULL)));
    CHECK(matches(puback(1, "a:b", "c:d"), puback(1, "a:b", "c:d")));
    CHECK(!matches(puback(1, "c:d", "a:b"), puback(1, "a:b", "c:d")));
    CHECK(!matches(puback(1, "a:b", NULL), puback(1, "a:b", "c:d")));
    CHECK(!matches(words_new(PACKET_PUBREC), puback(1, NULL, NULL)));
    struct words *none = words_new(PACKET_PUBACK);
    words_want_add(none, "user", WANT_NONE);
    CHECK(!matches(none, puback(1, "a:b", NULL)));
    struct words *any = words_new(PACKET_PUBACK);
    words_want_add(any, "user", WANT_ANY);
    CHECK(matches(any, puback(1, "a:b", "c:d")));
    any = words_new(PACKET_PUBACK);
    words_want_add(any, "user", WANT_ANY);
    CHECK(!matches(any, puback(1, NULL, NULL)));
}

int main(void)
{
    RUN(connect_is_encoded);
    RUN(subscribe_is_encoded);
    RUN(publish_goes_there_and_back);
    RUN(broken_packets_are_seen);
    RUN(comparison_is_exact_where_asked);
    return check_result();
}
