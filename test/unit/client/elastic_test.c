/* elastic_test.c - the tiny client's memory grows with what it must hold. */
#include "check.h"
#include "client/elastic.h"

enum { MANY = 100000 };

static struct elastic elastic;

/* One that a server has let in. */
static void begin(size_t output_max)
{
    static const uint8_t connack[] = {0x20, 2, 0, 0};
    struct mogi_client_options options = mogi_client_defaults();
    options.inflight_max = 5;
    options.output_max = output_max;
    options.connect.client_id = mogi_text("e");
    REQUIRE(elastic_init(&elastic, &options));
    CHECK_EQ(elastic_connect(&elastic, &options.connect, 0), MOGI_OK);
    mogi_tiny_sent(&elastic.tiny, mogi_tiny_output(&elastic.tiny).size, 0);
    struct mogi_bytes in = {connack, sizeof connack};
    struct mogi_event event;
    CHECK_EQ(elastic_input(&elastic, &in, 0, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_CONNECTED);
}

static struct mogi_message message_of(size_t size, uint8_t qos)
{
    static const uint8_t payload[MANY];
    return (struct mogi_message){
        .topic = mogi_text("t"), .payload = {payload, size}, .qos = qos};
}

static void what_is_large_fits(void)
{
    begin(1);
    struct mogi_message m = message_of(MANY, 1);
    CHECK_EQ(elastic_publish(&elastic, &m, NULL), MOGI_OK);
    CHECK(mogi_tiny_output(&elastic.tiny).size > MANY);
    static char filter[MANY / 2];
    memset(filter, 'f', sizeof filter - 1);
    struct mogi_bytes name = mogi_text(filter), none = {NULL, 0};
    struct mogi_filter f = {.filter = name};
    CHECK_EQ(elastic_subscribe(&elastic, &f, 1, none, NULL), MOGI_OK);
    CHECK_EQ(elastic_unsubscribe(&elastic, &name, 1, none, NULL), MOGI_OK);
    CHECK_EQ(elastic_disconnect(&elastic, 0, none), MOGI_OK);
    elastic_fini(&elastic);
}

static void qos_0_waits_up_to_a_limit(void)
{
    begin(MANY + 1000);
    struct mogi_message m = message_of(MANY, 0);
    CHECK_EQ(elastic_publish(&elastic, &m, NULL), MOGI_OK);
    CHECK_EQ(elastic_publish(&elastic, &m, NULL), MOGI_ERROR_FULL);
    m = message_of(500, 0);
    CHECK_EQ(elastic_publish(&elastic, &m, NULL), MOGI_OK);
    elastic_fini(&elastic);
    /* One alone always does. */
    begin(1);
    m = message_of(MANY, 0);
    CHECK_EQ(elastic_publish(&elastic, &m, NULL), MOGI_OK);
    elastic_fini(&elastic);
}

/* A packet that comes in two pieces is put together. */
static void input_grows(void)
{
    begin(1);
    static uint8_t packet[MANY];
    size_t rest = MANY - 4;
    packet[0] = 0x30;
    packet[1] = (uint8_t)(rest % 128 | 128);
    packet[2] = (uint8_t)(rest / 128 % 128 | 128);
    packet[3] = (uint8_t)(rest / 128 / 128);
    packet[5] = 1;
    packet[6] = 't';
    struct mogi_event event;
    struct mogi_bytes in = {packet, 10};
    CHECK_EQ(elastic_input(&elastic, &in, 0, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_NOTHING);
    in = (struct mogi_bytes){packet + 10, MANY - 10};
    CHECK_EQ(elastic_input(&elastic, &in, 0, &event), MOGI_OK);
    CHECK_EQ(event.kind, MOGI_MESSAGE);
    CHECK_EQ(event.message.payload.size, rest - 3);
    elastic_fini(&elastic);
}

int main(void)
{
    RUN(what_is_large_fits);
    RUN(qos_0_waits_up_to_a_limit);
    RUN(input_grows);
    return check_result();
}
