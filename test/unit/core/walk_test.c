/* walk_test.c - at start, only what is needed is looked at. */
#include "check.h"
#include "core/outbound.h"
#include "core/walk.h"
#include "wire/packet.h"

static uint8_t key_space[RECORD_KEY_MAX], value_space[512];

static struct bytes key_of(enum record_kind kind, const char *client,
                           uint64_t number)
{
    struct writer w = writer_at(key_space, sizeof key_space);
    struct record_key key = {.kind = kind, .number = number};
    if (client != NULL) key.client = bytes_of(client);
    record_key_write(&w, &key);
    return writer_bytes(&w);
}

static struct bytes session_of(const char *id, uint64_t floor)
{
    struct writer w = writer_at(value_space, sizeof value_space);
    struct record_session session = {
        .protocol = MQTT_50, .expiry_s = 1, .floor = floor, .id = bytes_of(id)};
    record_session_write(&w, &session);
    return writer_bytes(&w);
}

static struct bytes delivery_record(uint64_t order, uint16_t packet_id)
{
    struct writer w = writer_at(value_space, sizeof value_space);
    struct record_delivery delivery = {.stamp = 77,
                                       .order = order,
                                       .packet_id = packet_id,
                                       .qos = 1,
                                       .state = packet_id != 0};
    record_delivery_write(&w, &delivery, NULL);
    return writer_bytes(&w);
}

/* Does the walk go on before or at delivery `order` of "a"? */
static bool goes_to(const struct jump *jump, uint64_t order, bool last)
{
    uint8_t copy[RECORD_KEY_MAX];
    memcpy(copy, jump->key, jump->size);
    struct bytes there = bytes_at(copy, jump->size);
    return bytes_equal(there, key_of(RECORD_DELIVERY, "a", order)) &&
           jump->last == last;
}

static void a_queue_is_jumped_over(void)
{
    struct walk walk = {.client_size = 0};
    struct jump jump;
    struct walk_message message;
    walk_step(&walk, key_of(RECORD_SESSION, "a", 0), session_of("a", 5), &jump,
              &message);
    CHECK_EQ(jump.size, 0);
    CHECK_EQ(message.size, 0);
    /* What was sent comes with its message. */
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", 5), delivery_record(5, 1),
              &jump, &message);
    CHECK_EQ(jump.size, 0);
    CHECK(bytes_equal(bytes_at(message.key, message.size),
                      key_of(RECORD_MESSAGE, NULL, 77)));
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", 6), delivery_record(6, 0),
              &jump, &message);
    CHECK_EQ(message.size, 0);
    CHECK(goes_to(&jump, UINT64_MAX, true));
}

static void what_a_session_left_is_seen_in_runs(void)
{
    struct walk walk = {.client_size = 0};
    struct jump jump;
    struct walk_message message;
    walk_step(&walk, key_of(RECORD_SESSION, "a", 0), session_of("a", 99), &jump,
              &message);
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", 5), delivery_record(5, 1),
              &jump, &message);
    CHECK_EQ(message.size, 0);
    CHECK(goes_to(&jump, 99, true));
    /* Without a session all of it is. */
    walk = (struct walk){.client_size = 0};
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", 5), delivery_record(5, 0),
              &jump, &message);
    CHECK(goes_to(&jump, 5 + WALK_SPAN, true));
    uint64_t end = UINT64_MAX - 1;
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", end), delivery_record(end, 0),
              &jump, &message);
    CHECK(goes_to(&jump, UINT64_MAX, true));
}

static void messages_are_jumped_over(void)
{
    struct walk walk = {.client_size = 0};
    struct jump jump;
    struct walk_message message;
    walk_step(&walk, key_of(RECORD_MESSAGE, NULL, 1), bytes_of(""), &jump,
              &message);
    CHECK(jump.last);
    struct bytes there = bytes_at(jump.key, jump.size);
    CHECK(bytes_equal(there, key_of(RECORD_MESSAGE, NULL, UINT64_MAX)));
}

static void what_goes_elsewhere_comes_with_its_message(void)
{
    struct walk walk = {.client_size = 0};
    struct jump jump;
    struct walk_message message;
    walk_step(&walk, key_of(RECORD_HANDOVER, "a", 5), delivery_record(5, 0),
              &jump, &message);
    CHECK(message.size > 0);
    CHECK_EQ(jump.size, 0);
}

static void garbage_is_walked_over(void)
{
    struct walk walk = {.client_size = 0};
    struct jump jump;
    struct walk_message message;
    walk_step(&walk, bytes_of("?"), bytes_of("?"), &jump, &message);
    CHECK_EQ(jump.size, 0);
    walk_step(&walk, key_of(RECORD_DELIVERY, "a", 5), bytes_of("?"), &jump,
              &message);
    CHECK_EQ(jump.size, 0);
    walk_step(&walk, key_of(RECORD_HANDOVER, "a", 5), bytes_of("?"), &jump,
              &message);
    CHECK_EQ(message.size, 0);
}

int main(void)
{
    RUN(a_queue_is_jumped_over);
    RUN(what_a_session_left_is_seen_in_runs);
    RUN(messages_are_jumped_over);
    RUN(what_goes_elsewhere_comes_with_its_message);
    RUN(garbage_is_walked_over);
    return check_result();
}
