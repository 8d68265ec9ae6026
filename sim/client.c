/* client.c - an MQTT client that watches the broker. */
#include "sim/client.h"

#include "sim/words_codec.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDS = 65536, SHOWN_MAX = 400 };

__attribute__((format(printf, 2, 3))) static void wrong(struct client *client,
                                                        const char *format, ...)
{
    if (client->error[0] != 0) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(client->error, sizeof(client->error), format, arguments);
    va_end(arguments);
}

struct client *client_new(struct world *world, const char *name)
{
    struct client *client = words_memory(NULL, sizeof(*client));
    *client = (struct client){.world = world, .next_pid = 1, .acks = true};
    snprintf(client->name, sizeof(client->name), "%s", name);
    client->flight = calloc(IDS, 1);
    client->counted = calloc(IDS, 1);
    client->topics = calloc(IDS, sizeof(client->topics[0]));
    if (client->flight == NULL || client->counted == NULL ||
        client->topics == NULL) {
        abort();
    }
    return client;
}

void client_forget(struct client *client)
{
    while (client->first != NULL) {
        words_free(client_take(client, client->first));
    }
}

void client_reset(struct client *client)
{
    memset(client->flight, FLIGHT_NONE, IDS);
}

static void aliases_forget(struct client *client)
{
    for (size_t i = 0; i < IDS; i++) {
        free((void *)(uintptr_t)client->topics[i].data);
        client->topics[i] = (struct bytes){NULL, 0};
    }
}

void client_free(struct client *client)
{
    client_forget(client);
    while (client->past != NULL) {
        struct words *next = client->past->next;
        words_free(client->past);
        client->past = next;
    }
    aliases_forget(client);
    free(client->topics);
    free(client->counted);
    free(client->flight);
    free(client);
}

void client_open(struct client *client, unsigned version)
{
    if (client->cable.v != 0) client_hang_up(client, true);
    client_forget(client);
    aliases_forget(client);
    memset(client->counted, 0, IDS);
    client->flying = 0;
    client->greeted = false;
    client->resumed = false;
    client->dismissed = false;
    client->version = version;
    client->max_packet = PACKET_SIZE_MAX;
    client->receive_max = 65535;
    client->alias_max = 0;
    client->problem_info = true;
    client->enhanced = false;
    client->cable = world_connect(client->world, client->listener,
                                  bytes_of(client->identity));
    client->asked = client->cable;
    world_say(client->world, "%s opens", client->name);
}

void client_connect(struct client *client, const struct words *connect)
{
    client->version = words_number(connect, "v", client->version);
    client->enhanced = words_find(connect, "auth_method") != NULL;
    client->clean = words_number(connect, "clean", 1) != 0;
    if (client->version == 5) {
        uint32_t max_packet = words_number(connect, "max_packet", 0);
        if (max_packet > 0) client->max_packet = max_packet;
        client->receive_max = words_number(connect, "receive_max", 65535);
        client->alias_max = words_number(connect, "alias_max", 0);
        client->problem_info = words_number(connect, "problem_info", 1) != 0;
    }
    client_say(client, connect);
}

/* One message less in flight. */
static void land(struct client *client, uint16_t pid)
{
    client->flight[pid] = FLIGHT_NONE;
    if (!client->counted[pid]) return;
    client->counted[pid] = false;
    client->flying -= 1;
}

/* What an acknowledgement that the client sends means for what it owes. */
static void settle_flight(struct client *client, const struct words *packet)
{
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    bool refused = words_number(packet, "reason", 0) >= 0x80;
    switch (packet->type) {
    case PACKET_PUBACK:
    case PACKET_PUBCOMP: land(client, pid); break;
    case PACKET_PUBREC:
        if (refused) {
            land(client, pid);
        } else {
            client->flight[pid] = FLIGHT_PUBCOMP;
        }
        break;
    default: break;
    }
}

void client_say(struct client *client, const struct words *packet)
{
    char text[SHOWN_MAX];
    struct buffer out;
    buffer_init(&out, world_pool(client->world));
    words_encode(packet, client->version, &out);
    words_print(packet, text, sizeof(text));
    world_say(client->world, "%s -> %s", client->name, text);
    settle_flight(client, packet);
    world_send(client->world, client->cable, buffer_bytes(&out));
    buffer_fini(&out);
}

void client_send(struct client *client, struct bytes bytes)
{
    world_say(client->world, "%s -> %zu bytes", client->name, bytes.size);
    world_send(client->world, client->cable, bytes);
}

void client_hang_up(struct client *client, bool cut)
{
    if (client->cable.v == 0) return;
    world_say(client->world, "%s hangs up", client->name);
    world_hang_up(client->world, client->cable, cut);
    client->cable.v = 0;
    client_forget(client);
}

bool client_connected(const struct client *client)
{
    return client->cable.v != 0 && !world_closed(client->world, client->cable);
}

uint16_t client_pid(struct client *client)
{
    uint16_t pid = client->next_pid;
    client->next_pid = pid == 65535 ? 1 : (uint16_t)(pid + 1);
    return pid;
}

static void answer(struct client *client, enum packet_type type, uint16_t pid)
{
    struct words *words = words_new(type);
    words_number_add(words, "pid", pid);
    client_say(client, words);
    words_free(words);
}

static void check_connack(struct client *client, const struct words *packet)
{
    if (client->greeted) wrong(client, "a second CONNACK");
    client->greeted = true;
    client->resumed = words_number(packet, "present", 0) != 0;
    bool refused = words_number(packet, "reason", 0) != 0;
    if (client->version == 3) {
        client->resumed = !client->clean; /* 3.1 cannot say more */
        if (client->clean) client_reset(client);
        return;
    }
    if (client->resumed && refused) {
        wrong(client, "session present in a refusing CONNACK");
    }
    if (!client->resumed && !refused) client_reset(client);
}

/* Learn an alias, or put in the topic that it stands for. */
static void check_alias(struct client *client, struct words *packet)
{
    struct field *topic = &packet->list[0];
    const struct field *field = words_find(packet, "alias");
    assert(strcmp(topic->rule->name, "topic") == 0);
    if (field == NULL) {
        if (topic->size == 0) wrong(client, "no topic and no alias");
        return;
    }
    uint32_t alias = field->number;
    if (alias == 0 || alias > client->alias_max) {
        wrong(client, "topic alias %u, the maximum is %u", alias,
              client->alias_max);
        return;
    }
    struct bytes *known = &client->topics[alias];
    if (topic->size > 0) {
        free((void *)(uintptr_t)known->data);
        uint8_t *copy = words_memory(NULL, topic->size);
        memcpy(copy, topic->text, topic->size);
        *known = bytes_at(copy, topic->size);
    } else if (known->size == 0) {
        wrong(client, "topic alias %u was never set", alias);
    } else {
        free(topic->text);
        field_text_set(topic, *known);
    }
}

static void check_publish(struct client *client, struct words *packet)
{
    check_alias(client, packet);
    uint32_t qos = words_number(packet, "qos", 0);
    if (qos == 0) return;
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    bool dup = words_number(packet, "dup", 0) != 0;
    if (client->flight[pid] != FLIGHT_NONE) {
        if (!dup) wrong(client, "packet id %u is in use, and no DUP", pid);
        if (client->counted[pid]) {
            wrong(client, "packet id %u again without a reconnect", pid);
        }
        packet->again = qos == 2;
    } else if (dup && !client->resumed) {
        wrong(client, "DUP on what was never sent");
    }
    client->flight[pid] = qos == 1 ? FLIGHT_PUBACK : FLIGHT_PUBREC;
    client->counted[pid] = true;
    client->flying += 1;
    if (client->flying > client->receive_max) {
        wrong(client, "%u in flight, Receive Maximum is %u", client->flying,
              client->receive_max);
    }
    if (!client->acks) return;
    answer(client, qos == 1 ? PACKET_PUBACK : PACKET_PUBREC, pid);
}

static void check_problem_info(struct client *client,
                               const struct words *packet)
{
    bool free_to_say = packet->type == PACKET_PUBLISH ||
                       packet->type == PACKET_CONNACK ||
                       packet->type == PACKET_DISCONNECT;
    if (client->problem_info || free_to_say) return;
    if (words_find(packet, "reason_text") != NULL ||
        words_find(packet, "user") != NULL) {
        wrong(client, "problem information, although it was not wanted");
    }
}

/* A PUBREL of a resumed session may be the first that this connection hears of
 * its packet id. */
static void check_pubrel(struct client *client, uint16_t pid)
{
    if (!client->counted[pid] && client->flight[pid] != FLIGHT_NONE) {
        client->counted[pid] = true;
        client->flying += 1;
    }
    if (client->acks) answer(client, PACKET_PUBCOMP, pid);
}

static void check_packet(struct client *client, struct words *packet)
{
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    bool refused = words_number(packet, "reason", 0) >= 0x80;
    if (client->dismissed) wrong(client, "a packet behind DISCONNECT");
    if (!client->greeted && packet->type != PACKET_CONNACK &&
        packet->type != PACKET_AUTH) {
        wrong(client, "%s before CONNACK", words_type_name(packet->type));
    }
    if (packet->type == PACKET_AUTH && !client->enhanced) {
        wrong(client, "AUTH, although CONNECT names no method");
    }
    if (packet->raw_size > client->max_packet) {
        wrong(client, "a packet of %zu bytes, Maximum Packet Size is %u",
              packet->raw_size, client->max_packet);
    }
    check_problem_info(client, packet);
    switch (packet->type) {
    case PACKET_CONNACK: check_connack(client, packet); break;
    case PACKET_PUBLISH: check_publish(client, packet); break;
    case PACKET_PUBREL: check_pubrel(client, pid); break;
    case PACKET_PUBREC:
        if (client->acks && !refused) answer(client, PACKET_PUBREL, pid);
        break;
    case PACKET_DISCONNECT: client->dismissed = true; break;
    default: break;
    }
}

/* Keep what was just read, as `packet`, for later. */
static void past_keep(struct client *client, struct bytes in,
                      const struct words *packet)
{
    struct words *copy;
    size_t size;
    if (words_decode(in, client->version, &copy, &size) != OK) abort();
    copy->again = packet->again;
    if (copy->type == PACKET_PUBLISH && words_text(copy, "topic").size == 0) {
        struct field *topic = &copy->list[0];
        free(topic->text);
        field_text_set(topic, words_text(packet, "topic"));
    }
    if (client->past == NULL) {
        client->past = copy;
    } else {
        client->past_last->next = copy;
    }
    client->past_last = copy;
}

static void deaf_read(struct client *client)
{
    if (client->cable.v == 0) return;
    struct bytes in = world_received(client->world, client->cable);
    world_used(client->world, client->cable, in.size);
}

bool client_read(struct client *client)
{
    bool read = false;
    char text[SHOWN_MAX];
    if (client->deaf) {
        deaf_read(client);
        return false;
    }
    while (client->cable.v != 0 && client->error[0] == 0) {
        struct bytes in = world_received(client->world, client->cable);
        struct words *packet;
        size_t size;
        enum err e = words_decode(in, client->version, &packet, &size);
        if (e == ERR_MORE) {
            if (in.size > 0 && world_closed(client->world, client->cable)) {
                wrong(client, "closed in the middle of a packet");
            }
            break;
        }
        if (e != OK) {
            wrong(client, "malformed bytes %02x %02x %02x %02x ...", in.data[0],
                  in.data[1], in.size > 2 ? in.data[2] : 0,
                  in.size > 3 ? in.data[3] : 0);
            break;
        }
        words_print(packet, text, sizeof(text));
        world_say(client->world, "%s <- %s", client->name, text);
        if (client->last == NULL) {
            client->first = packet;
        } else {
            client->last->next = packet;
        }
        client->last = packet;
        check_packet(client, packet);
        if (client->remembers) past_keep(client, in, packet);
        world_used(client->world, client->cable, size);
        read = true;
    }
    return read;
}

struct words *client_take(struct client *client, struct words *packet)
{
    struct words *before = NULL;
    for (struct words *at = client->first; at != packet; at = at->next) {
        assert(at != NULL);
        before = at;
    }
    if (before == NULL) {
        client->first = packet->next;
    } else {
        before->next = packet->next;
    }
    if (client->last == packet) client->last = before;
    packet->next = NULL;
    return packet;
}
