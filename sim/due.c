/* due.c - what must come: compared and written. */
#include "sim/due.h"

#include <stdio.h>

struct bytes due_payload(const struct mirror_message *m,
                         char text[DUE_PAYLOAD_BYTES])
{
    int size =
        m->empty ? 0 : snprintf(text, DUE_PAYLOAD_BYTES, "%u", m->number);
    size_t used = (size_t)size;
    if (!m->large || m->empty) return bytes_at(text, used);
    memset(text + used, '.', MIRROR_LARGE_BYTES - used);
    return bytes_at(text, MIRROR_LARGE_BYTES);
}

/* Each identifier that is due, as often as it is due, and no other. */
static bool ids_same(const struct mirror_due *due, unsigned version,
                     const struct words *packet)
{
    unsigned found = 0;
    bool used[MIRROR_FILTERS] = {false};
    for (size_t i = 0; i < packet->count; i++) {
        const struct field *field = &packet->list[i];
        if (strcmp(field->rule->name, "id") != 0) continue;
        unsigned k = 0;
        while (k < due->id_count && (used[k] || due->ids[k] != field->number))
            k += 1;
        if (k == due->id_count) return false;
        used[k] = true;
        found += 1;
    }
    return found == (version == 5 ? due->id_count : 0);
}

static uint32_t expiry_left_s(const struct mirror_flow *flow)
{
    uint64_t expires_ms = flow->due.message.expires_ms;
    if (expires_ms <= flow->at_ms) return 1;
    return (uint32_t)((expires_ms - flow->at_ms + 999) / 1000);
}

struct words *due_words(const struct mirror_flow *flow, unsigned version)
{
    char text[DUE_PAYLOAD_BYTES];
    const struct mirror_due *due = &flow->due;
    struct words *words =
        words_new(flow->pubrel ? PACKET_PUBREL : PACKET_PUBLISH);
    if (due->pid != 0) words_number_add(words, "pid", due->pid);
    if (flow->pubrel) return words;
    words_text_add(words, "topic", bytes_of(mirror_topic(due->message.topic)));
    words_text_add(words, "payload", due_payload(&due->message, text));
    words_number_add(words, "qos", due->qos);
    words_number_add(words, "dup", flow->dup);
    words_number_add(words, "retain", due->retain);
    for (unsigned i = 0; version == 5 && i < due->id_count; i++)
        words_number_add(words, "id", due->ids[i]);
    if (version < 5) return words;
    if (due->id_count == 0) words_want_add(words, "id", WANT_NONE);
    if (due->message.expires_ms == 0) {
        words_want_add(words, "expiry", WANT_NONE);
    } else {
        words_number_add(words, "expiry", expiry_left_s(flow));
    }
    return words;
}

void due_answer_write(const struct mirror_answer *answer,
                      char text[DUE_ANSWER_BYTES])
{
    char codes[16] = "";
    const char *type = words_type_name(answer->type);
    for (unsigned i = 0; i < answer->code_count; i++)
        snprintf(codes + strlen(codes), sizeof(codes) - strlen(codes), " %u",
                 answer->codes[i]);
    switch (answer->type) {
    case PACKET_CONNACK:
        snprintf(text, DUE_ANSWER_BYTES, "%s present=%d", type,
                 answer->present);
        break;
    case PACKET_PINGRESP: snprintf(text, DUE_ANSWER_BYTES, "%s", type); break;
    case PACKET_SUBACK:
    case PACKET_UNSUBACK:
        snprintf(text, DUE_ANSWER_BYTES, "%s%s pid=%u", type, codes,
                 answer->pid);
        break;
    default:
        snprintf(text, DUE_ANSWER_BYTES, "%s %u reason=%u", type, answer->pid,
                 answer->codes[0]);
    }
}

static bool publish_same(const struct mirror_flow *flow, unsigned version,
                         const struct words *packet)
{
    char text[DUE_PAYLOAD_BYTES];
    const struct mirror_due *due = &flow->due;
    const struct mirror_message *m = &due->message;
    bool expiry = version == 5 && m->expires_ms != 0;
    uint32_t left = words_number(packet, "expiry", UINT32_MAX);
    return bytes_equal(words_text(packet, "topic"),
                       bytes_of(mirror_topic(m->topic))) &&
           bytes_equal(words_text(packet, "payload"), due_payload(m, text)) &&
           words_number(packet, "qos", 9) == due->qos &&
           (words_number(packet, "dup", 0) != 0) == flow->dup &&
           (words_number(packet, "retain", 0) != 0) == due->retain &&
           left == (expiry ? expiry_left_s(flow) : UINT32_MAX) &&
           ids_same(due, version, packet);
}

bool due_same(const struct mirror_flow *flow, unsigned version,
              const struct words *packet)
{
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    uint16_t known = flow->due.pid;
    if (known != 0 && known != pid) return false;
    if (flow->pubrel) return packet->type == PACKET_PUBREL;
    return packet->type == PACKET_PUBLISH &&
           publish_same(flow, version, packet);
}

bool due_answer_same(const struct mirror_answer *answer,
                     const struct words *packet)
{
    unsigned count = 0;
    if (packet->type != answer->type) return false;
    if (words_number(packet, "pid", 0) != answer->pid) return false;
    if ((words_number(packet, "present", 0) != 0) != answer->present) {
        return false;
    }
    bool codes =
        answer->type == PACKET_SUBACK || answer->type == PACKET_UNSUBACK;
    if (!codes) return words_number(packet, "reason", 0) == answer->codes[0];
    for (size_t i = 0; i < packet->count; i++) {
        if (strcmp(packet->list[i].rule->name, "code") != 0) continue;
        if (count == answer->code_count) return false;
        if (packet->list[i].number != answer->codes[count]) return false;
        count += 1;
    }
    return count == answer->code_count;
}
