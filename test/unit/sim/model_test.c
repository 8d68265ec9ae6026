/* model_test.c - the model sees what is wrong, and only that. */
#include "check.h"
#include "sim/model.h"

enum { PUBLISHER, READER, MEMBER_A, MEMBER_B };
enum { TOPIC_A = 0, FILTER_A = 0, TOPIC_SHARED = 9, FILTER_SHARED = 9 };

static void subscribe(struct model *m, unsigned actor, unsigned filter,
                      unsigned qos)
{
    model_subscribing(m, actor, filter, qos);
    model_subscribed(m, actor, filter, qos);
}

static void get(struct model *m, unsigned actor, unsigned topic,
                uint32_t message, unsigned qos, bool first)
{
    char text[MODEL_PAYLOAD_MAX];
    model_payload(m, message, text);
    model_received(m, actor, bytes_of(model_topic(topic)), bytes_of(text), qos,
                   first);
}

/* A model with a reader of TOPIC_A and one completed message of `qos`. */
static struct model *begin(unsigned qos, uint32_t *message)
{
    struct model *m = model_new();
    subscribe(m, READER, FILTER_A, 2);
    *message = model_publish(m, PUBLISHER, TOPIC_A, qos, 0);
    model_completed(m, *message);
    return m;
}

static bool ends_well(struct model *m)
{
    model_end(m);
    bool well = model_error(m)[0] == 0;
    model_free(m);
    return well;
}

static void a_good_life_is_good(void)
{
    uint32_t message;
    struct model *m = begin(2, &message);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK_EQ(model_message_count(m), 1);
    CHECK_EQ(model_copy_count(m), 1);
    CHECK(ends_well(m));
}

static void a_missing_copy_is_seen(void)
{
    uint32_t message;
    CHECK(!ends_well(begin(1, &message)));
    CHECK(!ends_well(begin(2, &message)));
    CHECK(ends_well(begin(0, &message)));
    struct model *m = begin(1, &message);
    model_session_lost(m, READER);
    CHECK(ends_well(m));
    m = begin(1, &message);
    model_unsubscribed(m, READER, FILTER_A);
    CHECK(ends_well(m));
}

static void a_copy_too_many_is_seen(void)
{
    for (unsigned qos = 0; qos < 3; qos++) {
        uint32_t message;
        struct model *m = begin(qos, &message);
        get(m, READER, TOPIC_A, message, qos, true);
        get(m, READER, TOPIC_A, message, qos, true);
        CHECK(!ends_well(m));
    }
    uint32_t message;
    struct model *m = begin(1, &message);
    model_again(m, message);
    get(m, READER, TOPIC_A, message, 1, true);
    get(m, READER, TOPIC_A, message, 1, true);
    CHECK(ends_well(m));
    m = begin(1, &message);
    get(m, READER, TOPIC_A, message, 1, true);
    get(m, READER, TOPIC_A, message, 1, false);
    CHECK(ends_well(m));
}

static void a_crash_excuses_no_second_copy_at_qos_2(void)
{
    uint32_t message;
    struct model *m = begin(2, &message);
    model_crashed(m);
    get(m, READER, TOPIC_A, message, 1, true);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK(ends_well(m));
    m = begin(2, &message);
    model_crashed(m);
    model_crashed(m);
    get(m, READER, TOPIC_A, message, 2, true);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK(!ends_well(m));
}

/* What a session had goes with it, when a crash ends it. */
static void a_session_that_a_crash_ended_had_it_for_itself(void)
{
    struct model *m = model_new();
    subscribe(m, READER, FILTER_A, 2);
    uint32_t message = model_publish(m, PUBLISHER, TOPIC_A, 2, 0);
    get(m, READER, TOPIC_A, message, 2, true);
    model_crashed(m);
    model_session_lost(m, READER);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK_EQ(model_error(m)[0], 0);
    model_session_lost(m, READER);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK(model_error(m)[0] != 0);
    model_free(m);
}

static void a_wrong_order_is_seen(void)
{
    struct model *m = model_new();
    subscribe(m, READER, FILTER_A, 2);
    uint32_t one = model_publish(m, PUBLISHER, TOPIC_A, 0, 0);
    uint32_t two = model_publish(m, PUBLISHER, TOPIC_A, 0, 0);
    get(m, READER, TOPIC_A, two, 0, true);
    get(m, READER, TOPIC_A, one, 0, true);
    CHECK(!ends_well(m));
}

static void what_nobody_asked_for_is_seen(void)
{
    uint32_t message;
    struct model *m = begin(0, &message);
    get(m, MEMBER_A, TOPIC_A, message, 0, true);
    CHECK(!ends_well(m));
    m = begin(0, &message);
    get(m, READER, TOPIC_A + 1, message, 0, true);
    CHECK(!ends_well(m));
    m = begin(0, &message);
    get(m, READER, TOPIC_A, message, 1, true);
    CHECK(!ends_well(m));
    m = begin(0, &message);
    get(m, READER, TOPIC_A, message + 1, 0, true);
    CHECK(!ends_well(m));
}

/* A group of two, and one message to it. */
static struct model *group(uint32_t *message)
{
    struct model *m = model_new();
    subscribe(m, MEMBER_A, FILTER_SHARED, 1);
    subscribe(m, MEMBER_B, FILTER_SHARED, 1);
    *message = model_publish(m, PUBLISHER, TOPIC_SHARED, 1, 0);
    model_completed(m, *message);
    return m;
}

static void a_group_gets_one_copy(void)
{
    uint32_t message;
    struct model *m = group(&message);
    get(m, MEMBER_A, TOPIC_SHARED, message, 1, true);
    CHECK(ends_well(m));
    CHECK(!ends_well(group(&message)));
    m = group(&message);
    get(m, MEMBER_A, TOPIC_SHARED, message, 1, true);
    get(m, MEMBER_B, TOPIC_SHARED, message, 1, true);
    CHECK(!ends_well(m));
    m = group(&message);
    get(m, MEMBER_A, TOPIC_SHARED, message, 1, true);
    model_actor_left(m, MEMBER_A);
    get(m, MEMBER_B, TOPIC_SHARED, message, 1, true);
    CHECK(ends_well(m));
}

/* Who has heard nothing hands nothing back, and nobody what came at QoS 2. */
static void a_copy_goes_on_from_who_had_it(void)
{
    uint32_t message;
    struct model *m = group(&message);
    get(m, MEMBER_A, TOPIC_SHARED, message, 1, true);
    model_actor_left(m, MEMBER_B);
    get(m, MEMBER_B, TOPIC_SHARED, message, 1, true);
    CHECK(!ends_well(m));
    m = model_new();
    subscribe(m, MEMBER_A, FILTER_SHARED, 2);
    subscribe(m, MEMBER_B, FILTER_SHARED, 2);
    message = model_publish(m, PUBLISHER, TOPIC_SHARED, 2, 0);
    model_completed(m, message);
    get(m, MEMBER_A, TOPIC_SHARED, message, 2, true);
    model_actor_left(m, MEMBER_A);
    get(m, MEMBER_B, TOPIC_SHARED, message, 2, true);
    CHECK(!ends_well(m));
}

static void a_member_takes_qos_2_along_when_it_ends(void)
{
    for (unsigned ends = 0; ends < 2; ends++) {
        struct model *m = model_new();
        subscribe(m, MEMBER_A, FILTER_SHARED, 2);
        subscribe(m, MEMBER_B, FILTER_SHARED, 2);
        uint32_t message = model_publish(m, PUBLISHER, TOPIC_SHARED, 2, 0);
        model_completed(m, message);
        model_actor_left(m, MEMBER_A);
        if (ends == 1) model_session_lost(m, MEMBER_A);
        CHECK_EQ(ends_well(m), ends == 1);
    }
}

static void a_qos_that_nobody_asked_for_is_seen(void)
{
    struct model *m = model_new();
    subscribe(m, READER, FILTER_A, 1);
    uint32_t message = model_publish(m, PUBLISHER, TOPIC_A, 2, 0);
    get(m, READER, TOPIC_A, message, 2, true);
    CHECK(!ends_well(m));
}

int main(void)
{
    RUN(a_good_life_is_good);
    RUN(a_missing_copy_is_seen);
    RUN(a_copy_too_many_is_seen);
    RUN(a_crash_excuses_no_second_copy_at_qos_2);
    RUN(a_session_that_a_crash_ended_had_it_for_itself);
    RUN(a_wrong_order_is_seen);
    RUN(what_nobody_asked_for_is_seen);
    RUN(a_group_gets_one_copy);
    RUN(a_copy_goes_on_from_who_had_it);
    RUN(a_member_takes_qos_2_along_when_it_ends);
    RUN(a_qos_that_nobody_asked_for_is_seen);
    return check_result();
}
