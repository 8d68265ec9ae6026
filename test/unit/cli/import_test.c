/* import_test.c - what no Mosquitto would have written is left out, and the
 * store that is made can be read. Whole files: test/live/import_test.py. */
#include "cli/import.h"
#include "cli/mosquitto_file.h"
#include "core/record.h"
#include "store/inspect.h"
#include "store/wal.h"

struct seen {
    unsigned kinds[128];
    unsigned wrong;
};

static void on_record(void *context, struct bytes key, struct bytes value)
{
    struct seen *seen = context;
    struct record_key parts;
    struct record_subscription subscription;
    (void)value;
    if (record_key_read(key, &parts) != OK) {
        seen->wrong++;
        return;
    }
    seen->kinds[parts.kind]++;
    if (parts.kind == RECORD_SUBSCRIPTION &&
        record_subscription_read(value, &subscription) != OK) {
        seen->wrong++;
    }
}

/* What becomes of a file with `chunks` behind the head. */
static struct seen import(const char *chunks, size_t size)
{
    char path[ROOM_PATH_MAX], folder[ROOM_PATH_MAX], why[WAL_TEXT_MAX];
    room_path(mosquitto_file(chunks, size, path), "data", folder);
    struct seen seen = {0};
    struct inspect_report report;
    CHECK_EQ(import_mosquitto(path, folder), 0);
    CHECK_EQ(inspect_folder(folder, on_record, &seen, &report, why), OK);
    CHECK_EQ(seen.wrong, 0);
    CHECK_EQ(seen.kinds[RECORD_SESSION], 1);
    return seen;
}

#define IMPORT(text) import("" text, sizeof(text) - 1)

/* Chunk of a subscription of "me" to t/# with QoS 1: identifier, options. */
#define SUBSCRIPTION(identifier, options)                                      \
    "\0\0\0\5\0\0\0\x11" identifier "\0\2\0\3\1" options "\0\0met/#"

/* Chunk of a delivery of message 7: packet id, direction. */
#define DELIVERY(packet_id, direction)                                         \
    "\0\0\0\3\0\0\0\x12\7\0\0\0\0\0\0\0" packet_id "\0\2\2\1\0" direction "me"

static void subscriptions_are_those_of_clients(void)
{
    CHECK_EQ(IMPORT(SUBSCRIPTION("\0\0\0\3", "\x24")).kinds['s'], 1);
    CHECK_EQ(IMPORT(SUBSCRIPTION("\0\0\0\3", "\x34")).kinds['s'], 0);
    CHECK_EQ(IMPORT(SUBSCRIPTION("\x0f\xff\xff\xff", "\0")).kinds['s'], 1);
    CHECK_EQ(IMPORT(SUBSCRIPTION("\x10\0\0\0", "\0")).kinds['s'], 0);
}

static void packets_have_ids(void)
{
    CHECK_EQ(IMPORT(DELIVERY("\0\3", "\0")).kinds[RECORD_RECEIVED], 1);
    CHECK_EQ(IMPORT(DELIVERY("\0\0", "\0")).kinds[RECORD_RECEIVED], 0);
    CHECK_EQ(IMPORT(DELIVERY("\0\3", "\1")).kinds[RECORD_DELIVERY], 1);
    /* One that was not sent yet has none. */
    CHECK_EQ(IMPORT(DELIVERY("\0\0", "\1")).kinds[RECORD_DELIVERY], 1);
}

int main(void)
{
    RUN(subscriptions_are_those_of_clients);
    RUN(packets_have_ids);
    return check_result();
}
