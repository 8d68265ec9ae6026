/* import_file_test.c - what is in a file is found; what is no file is told. */
#include "cli/import_file.h"
#include "cli/mosquitto_file.h"

/* A session that ends at second 0x10, and a message that does. */
static const char ending[] =
    "\0\0\0\6\0\0\0\x1b\x10\0\0\0\0\0\0\0\0\0\0\x3c\0\x09\0\3"
    "\7\x5b\0\0\0\0\0\0one"
    "\0\0\0\2\0\0\0\x24\5\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\1"
    "\0\1\0\0\0\0\0\3\7\x5b\2\0t/yx";

static bool is(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of(text));
}

static void what_is_there_is_found(void)
{
    char path[ROOM_PATH_MAX];
    uint8_t forward[256];
    struct import_file f;
    struct message m;
    (void)mosquitto_file(ending, sizeof ending - 1, path);
    REQUIRE(import_file_open(&f, path, 0xf));
    CHECK_EQ(f.clients.count, 2);
    CHECK_EQ(f.messages.count, 2);
    CHECK(import_file_client(&f, bytes_of("me")) != NULL);
    CHECK(import_file_client(&f, bytes_of("one")) != NULL);
    CHECK(import_file_client(&f, bytes_of("m")) == NULL);
    CHECK(import_file_message(&f, 6) == NULL);
    struct import_message *found = import_file_message(&f, 7);
    REQUIRE(found != NULL);
    CHECK(import_file_read(&f, found, &m, forward));
    CHECK(is(m.topic, "t/x") && is(m.payload, "hello") && m.qos == 2);
    found = import_file_message(&f, 5);
    REQUIRE(found != NULL);
    CHECK(import_file_read(&f, found, &m, forward));
    CHECK_EQ(m.expires_ms, 16000);
    import_file_close(&f);
}

static void what_has_ended_is_not(void)
{
    char path[ROOM_PATH_MAX];
    struct import_file f;
    struct message m;
    (void)mosquitto_file(ending, sizeof ending - 1, path);
    REQUIRE(import_file_open(&f, path, 0x10));
    CHECK(import_file_client(&f, bytes_of("one")) == NULL);
    struct import_message *found = import_file_message(&f, 5);
    REQUIRE(found != NULL);
    CHECK(!import_file_read(&f, found, &m, NULL));
    import_file_close(&f);
}

static void no_file_is_refused(void)
{
    char path[ROOM_PATH_MAX];
    struct import_file f;
    CHECK(!import_file_open(&f, "/nonexistent", 1));
    import_file_close(&f);
    (void)mosquitto_file(ending, sizeof ending - 2, path);
    CHECK(!import_file_open(&f, path, 1));
    import_file_close(&f);
}

int main(void)
{
    RUN(what_is_there_is_found);
    RUN(what_has_ended_is_not);
    RUN(no_file_is_refused);
    return check_result();
}
