/* delivery_test.c - one message for one client. */
#include "bench.h"
#include "core/delivery.h"
#include "core/record.h"
#include "core/state.h"

/* A message and what it takes of the terms; all memory comes back. */
static void of_terms(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = b->shards[0];
    uint32_t identifiers[] = {3, 700};
    struct message m = {.topic = bytes_of("t"), .payload = bytes_of("four")};
    struct terms terms = {.qos = 2,
                          .retain = true,
                          .identifiers = identifiers,
                          .identifier_count = 2};
    size_t before = pool_bytes(shard->pool);
    struct delivery *d = delivery_of(shard, &m, &terms);
    REQUIRE(d != NULL);
    CHECK_EQ(d->qos, 2);
    CHECK(d->retain);
    CHECK_EQ(d->state, DELIVERY_QUEUED);
    CHECK_EQ(d->packet_id, 0);
    CHECK_EQ(d->identifier_count, 2);
    CHECK_EQ(d->identifiers[1], 700);
    CHECK_EQ(delivery_bytes(d), 4);
    CHECK(bytes_equal(d->body->message.topic, bytes_of("t")));
    delivery_free(shard, d);
    message_done(&m);
    CHECK_EQ(pool_bytes(shard->pool), before);
    bench_free(b);
}

/* What was under way when its record was made was sent, whatever it says. */
static void of_record(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = b->shards[0];
    struct record_delivery record = {
        .packet_id = 7, .qos = 1, .state = DELIVERY_QUEUED};
    struct delivery *d = delivery_build(shard, &record);
    CHECK_EQ(d->state, DELIVERY_SENT);
    CHECK_EQ(d->packet_id, 7);
    delivery_free(shard, d);
    record.packet_id = 0;
    d = delivery_build(shard, &record);
    CHECK_EQ(d->state, DELIVERY_QUEUED);
    delivery_free(shard, d);
    bench_free(b);
}

/* MQTT 5.0, 4.3 */
static void due(void)
{
    struct delivery d = {.qos = 1, .state = DELIVERY_SENT};
    CHECK(delivery_due(&d, PACKET_PUBACK));
    CHECK(!delivery_due(&d, PACKET_PUBREC));
    CHECK(!delivery_due(&d, PACKET_PUBCOMP));
    d.qos = 2;
    CHECK(!delivery_due(&d, PACKET_PUBACK));
    CHECK(delivery_due(&d, PACKET_PUBREC));
    CHECK(!delivery_due(&d, PACKET_PUBCOMP));
    d.state = DELIVERY_RECEIVED;
    CHECK(delivery_due(&d, PACKET_PUBREC));
    CHECK(delivery_due(&d, PACKET_PUBCOMP));
}

/* [MQTT-4.8.2-4] [MQTT-4.8.2-5] */
static void returnable(void)
{
    struct body *group = NULL;
    struct delivery d = {.qos = 1, .state = DELIVERY_SENT};
    CHECK(!delivery_returnable(&d));
    struct bench *b = bench_new(1, bench_options());
    group = body_of_text(b->paper, bytes_of("$share/g/t"));
    REQUIRE(group != NULL);
    d.group = group;
    CHECK(delivery_returnable(&d));
    d.qos = 2;
    CHECK(!delivery_returnable(&d));
    d.state = DELIVERY_QUEUED;
    CHECK(delivery_returnable(&d));
    body_unref(group);
    bench_free(b);
}

int main(void)
{
    RUN(of_terms);
    RUN(of_record);
    RUN(due);
    RUN(returnable);
    return check_result();
}
