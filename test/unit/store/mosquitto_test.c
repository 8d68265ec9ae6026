/* mosquitto_test.c - chunks of all versions; what is cut off is noticed. */
#include "check.h"
#include "store/mosquitto.h"

enum { FILE_BYTES_MAX = 1024 };

static uint8_t file[FILE_BYTES_MAX];
static size_t file_size;

static void add(const void *bytes, size_t size)
{
    REQUIRE(file_size + size <= FILE_BYTES_MAX);
    memcpy(file + file_size, bytes, size);
    file_size += size;
}

#define ADD(text) add("" text, sizeof(text) - 1)

static void begin(char version)
{
    file_size = 0;
    ADD("\x00\xb5\x00mosquitto db\0\0\0\0\0\0\0");
    add(&version, 1);
}

/* A chunk of a kind that is skipped, then one of each other. */
static void write_packed(char version)
{
    begin(version);
    ADD("\0\1\0\0\0\x0a\1\x08\0\0\0\0\0\0\0\0");
    ADD("\0\2\0\0\0\0\7\0\0\0\0\0\0\0\0\3pub");
    if (version >= 4) ADD("\0\4user\7\x5b");
    ADD("\0\1\0\0\0\3t/x\2\1\0\0\0\5hello");
    ADD("\0\6\0\0\0\0\0\2me\0\x09");
    if (version >= 3) ADD("\1\2\3\4\5\6\7\x08");
    ADD("\0\3\0\0\0\0\0\2me\7\0\0\0\0\0\0\0\0\x0b\2\1\1\5\1");
    ADD("\0\4\0\0\0\x08\7\0\0\0\0\0\0\0");
    ADD("\0\5\0\0\0\0\0\2me\0\3t/#\1");
}

static void write_fixed(char version)
{
    begin(version);
    ADD("\0\0\0\1\0\0\0\x10\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\0\0");
    ADD("\0\0\0\2\0\0\0\x31\7\0\0\0\0\0\0\0\x10\1\0\0\0\0\0\0\0\0\0\5");
    ADD("\0\1\0\3\0\1\0\3\7\x5b\2\1pubut/xhello\4\3\0\1z");
    if (version == 5) {
        ADD("\0\0\0\6\0\0\0\x12\x20\1\0\0\0\0\0\0\0\0\0\x3c\0\x09\0\2me");
    } else {
        ADD("\0\0\0\6\0\0\0\x1b\x20\1\0\0\0\0\0\0\0\0\0\x3c\0\x09\0\2");
        ADD("\7\x5b\0\1\0\0\0\0meu");
    }
    ADD("\0\0\0\3\0\0\0\x15\7\0\0\0\0\0\0\0\0\x0b\0\2\2\5\x10\1me\2\x0b\3");
    ADD("\0\0\0\4\0\0\0\x08\7\0\0\0\0\0\0\0");
    ADD("\0\0\0\5\0\0\0\x11\0\0\0\3\0\2\0\3\1\4\0\0met/#");
}

static bool is(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of(text));
}

/* What all versions have. */
static void check_chunks(struct mosquitto_reader *r, bool fixed)
{
    struct mosquitto_chunk c;
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_MESSAGE);
    CHECK_EQ(c.message, 7);
    CHECK(is(c.topic, "t/x") && is(c.payload, "hello"));
    CHECK(c.qos == 2 && c.retain);
    CHECK_EQ(c.expires_s, fixed ? 0x110 : 0);
    CHECK_EQ(c.properties.size, fixed ? 5 : 0);
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_CLIENT);
    CHECK(is(c.client, "me"));
    CHECK_EQ(c.expiry_s, fixed ? 60 : UINT32_MAX);
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_DELIVERY);
    CHECK(is(c.client, "me"));
    CHECK_EQ(c.message, 7);
    CHECK_EQ(c.packet_id, 11);
    CHECK_EQ(c.state, MOSQUITTO_WAIT_PUBREC);
    CHECK(c.qos == 2 && c.retain && c.outgoing);
    CHECK_EQ(c.properties.size, fixed ? 3 : 0);
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_RETAINED);
    CHECK_EQ(c.message, 7);
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_SUBSCRIPTION);
    CHECK(is(c.client, "me") && is(c.topic, "t/#"));
    CHECK_EQ(c.qos, 1);
    CHECK_EQ(c.identifier, fixed ? 3 : 0);
    CHECK_EQ(c.options, fixed ? 4 : 0);
    CHECK_EQ(mosquitto_next(r, &c), OK);
    CHECK_EQ(c.kind, MOSQUITTO_END);
}

static void all_versions_are_read(void)
{
    for (char version = 2; version <= 6; version++) {
        struct mosquitto_reader r;
        if (version < 5) {
            write_packed(version);
        } else {
            write_fixed(version);
        }
        CHECK_EQ(mosquitto_open(&r, bytes_at(file, file_size)), OK);
        CHECK_EQ(r.version, (uint32_t)version);
        check_chunks(&r, version >= 5);
    }
}

/* Wherever it is cut: all chunks before are read, then an end or an error. */
static void what_is_cut_off_is_noticed(void)
{
    for (char version = 2; version <= 6; version++) {
        if (version < 5) {
            write_packed(version);
        } else {
            write_fixed(version);
        }
        unsigned ends = 0;
        for (size_t size = 23; size < file_size; size++) {
            struct mosquitto_reader r;
            struct mosquitto_chunk c;
            enum err e = mosquitto_open(&r, bytes_at(file, size));
            CHECK_EQ(e, OK);
            do {
                e = mosquitto_next(&r, &c);
            } while (e == OK && c.kind != MOSQUITTO_END);
            CHECK(e == OK || e == ERR_MALFORMED);
            ends += e == OK;
        }
        CHECK_EQ(ends, 6); /* behind the head and each chunk but the last */
    }
}

static void other_files_are_refused(void)
{
    struct mosquitto_reader r;
    CHECK_EQ(mosquitto_open(&r, bytes_of("")), ERR_MALFORMED);
    CHECK_EQ(mosquitto_open(&r, bytes_of("SQLite format 3 and some more")),
             ERR_MALFORMED);
    begin(1);
    CHECK_EQ(mosquitto_open(&r, bytes_at(file, file_size)), ERR_VERSION);
    begin(7);
    CHECK_EQ(mosquitto_open(&r, bytes_at(file, file_size)), ERR_VERSION);
    CHECK_EQ(r.version, 7);
}

int main(void)
{
    RUN(all_versions_are_read);
    RUN(what_is_cut_off_is_noticed);
    RUN(other_files_are_refused);
    return check_result();
}
