#include "check.h"
#include "cli/debug.h"

static struct debug d;
static char *out;
static size_t size;

static void start(enum mogi_version version, const char *id)
{
    FILE *to = open_memstream(&out, &size);
    struct mogi_client_options options = mogi_client_defaults();
    options.connect.version = version;
    options.connect.client_id = mogi_text(id);
    debug_follow(&d, to, &options);
    CHECK(options.trace == debug_packet);
    CHECK(options.trace_context == &d);
}

static void packet(bool sent, const char *data, size_t count)
{
    debug_packet(&d, sent, (struct mogi_bytes){(const uint8_t *)data, count});
}

#define SENT(text)     packet(true, text, sizeof(text) - 1)
#define RECEIVED(text) packet(false, text, sizeof(text) - 1)

static bool printed(const char *want)
{
    fclose(d.to);
    bool same = CHECK_STR(out, want);
    free(out);
    return same;
}

static void publisher(void)
{
    start(MOGI_MQTT_311, "");
    SENT("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00");
    RECEIVED("\x20\x02\x00\x05");
    SENT("\x31\x04\x00\x01tx");
    SENT("\x30\x04\x00\x01tx");
    SENT("\x3a\x06\x00\x01t\x00\x07x");
    RECEIVED("\x40\x02\x00\x07");
    RECEIVED("\x50\x02\x00\x07");
    SENT("\x62\x02\x00\x07");
    RECEIVED("\x70\x02\x00\x07");
    SENT("\xc0\x00");
    RECEIVED("\xd0\x00");
    SENT("\xe0\x00");
    CHECK(printed("Client (null) sending CONNECT\n"
                  "Client (null) received CONNACK (5)\n"
                  "Client (null) sending PUBLISH (d0, q0, r1, m1, 't', ... (1 "
                  "bytes))\n"
                  "Client (null) sending PUBLISH (d0, q0, r0, m2, 't', ... (1 "
                  "bytes))\n"
                  "Client (null) sending PUBLISH (d1, q1, r0, m7, 't', ... (1 "
                  "bytes))\n"
                  "Client (null) received PUBACK (Mid: 7, RC:0)\n"
                  "Client (null) received PUBREC (Mid: 7)\n"
                  "Client (null) sending PUBREL (m7)\n"
                  "Client (null) received PUBCOMP (Mid: 7, RC:0)\n"
                  "Client (null) sending PINGREQ\n"
                  "Client (null) received PINGRESP\n"
                  "Client (null) sending DISCONNECT\n"));
}

static void subscriber(void)
{
    start(MOGI_MQTT_50, "");
    RECEIVED("\x20\x07\x00\x00\x04\x12\x00\x01z");
    SENT("\x82\x0b\x00\x01\x00\x00\x01"
         "a\x2c\x00\x01"
         "b\x01");
    RECEIVED("\x90\x04\x00\x01\x00\x00");
    SENT("\xa2\x06\x00\x02\x00\x00\x01q");
    RECEIVED("\x34\x07\x00\x01t\x00\x07\x00x");
    SENT("\x50\x02\x00\x07");
    RECEIVED("\x62\x02\x00\x07");
    SENT("\x70\x02\x00\x07");
    SENT("\x40\x02\x00\x08");
    RECEIVED("\xe0\x01\x8b");
    RECEIVED("\xff"); /* no packet: no line */
    CHECK(printed(
        "Client z received CONNACK (0)\n"
        "Client z sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 0, Options: 0x2c)\n"
        "Client z sending SUBSCRIBE (Mid: 1, Topic: b, QoS: 1, Options: 0x00)\n"
        "Client z received SUBACK\n"
        "Client z sending UNSUBSCRIBE (Mid: 2, Topic: q)\n"
        "Client z received PUBLISH (d0, q2, r0, m7, 't', ... (1 bytes))\n"
        "Client z sending PUBREC (m7, rc0)\n"
        "Client z received PUBREL (Mid: 7)\n"
        "Client z sending PUBCOMP (m7)\n"
        "Client z sending PUBACK (m8, rc0)\n"
        "Client z received DISCONNECT (139)\n"));
}

int main(void)
{
    RUN(publisher);
    RUN(subscriber);
    return check_result();
}
