/* packet.c - see packet.h. */
#include "bench/packet.h"

#include "bench/memory.h"
#include "wire/publish.h"

#include <stdio.h>
#include <stdlib.h>

size_t bench_pattern(const char *pattern, uint32_t index, uint32_t number,
                     char *out, size_t size)
{
    size_t at = 0;
    size_t number_at = 0;
    while (*pattern != '\0' && at + 1 < size) {
        int wrote = 1;
        if (strncmp(pattern, "%i", 2) == 0) {
            wrote = snprintf(out + at, size - at, "%u", index);
            pattern += 2;
        } else if (strncmp(pattern, "%n", 2) == 0) {
            number_at = at;
            wrote = snprintf(out + at, size - at, "%0*u", BENCH_NUMBER_DIGITS,
                             number);
            pattern += 2;
        } else {
            out[at] = *pattern++;
        }
        at += (size_t)wrote;
    }
    out[at < size ? at : size - 1] = '\0';
    return number_at;
}

void bench_template_init(struct bench_template *t, enum protocol protocol,
                         const char *topic, size_t number_at, unsigned qos,
                         bool retain, size_t payload_size)
{
    uint8_t *payload = bench_array(1, payload_size + 1);
    memset(payload, '.', payload_size);
    struct publish_out publish = {
        .retain = retain,
        .qos = (uint8_t)qos,
        .packet_id = qos > 0 ? 1 : 0,
        .topic = bytes_of(topic),
        .payload = bytes_at(payload, payload_size),
    };
    t->size = publish_size(&publish, protocol);
    t->data = bench_array(1, t->size);
    struct writer w = writer_at(t->data, t->size);
    publish_encode(&publish, protocol, &w);
    free(payload);
    size_t property_size = protocol == MQTT_50 ? 1 : 0;
    size_t payload_at = t->size - payload_size;
    t->payload_at = payload_size == 0 ? 0 : payload_at;
    t->id_at = qos == 0 ? 0 : payload_at - property_size - 2;
    size_t topic_end = payload_at - property_size - (qos == 0 ? 0 : 2);
    t->number_at =
        number_at == 0 ? 0 : topic_end - publish.topic.size + number_at;
}

void bench_template_fini(struct bench_template *t)
{
    free(t->data);
    *t = (struct bench_template){0};
}

static void put_number(uint8_t *out, uint32_t number)
{
    for (int i = BENCH_NUMBER_DIGITS - 1; i >= 0; i--) {
        out[i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

void bench_template_write(const struct bench_template *t, uint8_t *out,
                          uint16_t id, const struct bench_proof *proof)
{
    memcpy(out, t->data, t->size);
    if (t->id_at > 0) {
        out[t->id_at] = (uint8_t)(id >> 8);
        out[t->id_at + 1] = (uint8_t)id;
    }
    if (t->number_at > 0) put_number(out + t->number_at, proof->number);
    if (t->payload_at == 0) return;
    struct writer w = writer_at(out + t->payload_at, BENCH_PROOF_SIZE);
    write_u32(&w, proof->tag);
    write_u32(&w, proof->sender);
    write_u32(&w, proof->number);
    write_u64(&w, proof->time_ns);
}

bool bench_proof_read(struct bytes payload, struct bench_proof *proof)
{
    struct reader r = reader_of(payload);
    proof->tag = read_u32(&r);
    proof->sender = read_u32(&r);
    proof->number = read_u32(&r);
    proof->time_ns = read_u64(&r);
    return !r.failed;
}

/* Topic, id and properties of a PUBLISH are stepped over. */
static enum err publish_skim(struct reader *r, enum protocol protocol,
                             uint8_t flags, struct bench_frame *f)
{
    f->qos = flags >> 1 & 3;
    (void)read_binary(r);
    if (f->qos > 0) f->id = read_u16(r);
    if (protocol == MQTT_50) (void)read_bytes(r, read_varint(r));
    f->payload = read_rest(r);
    return r->failed ? ERR_MALFORMED : OK;
}

enum err bench_frame_next(struct bytes in, enum protocol protocol,
                          struct bench_frame *f)
{
    if (in.size < 2) return ERR_MORE;
    uint32_t body = in.data[1];
    size_t head = 2;
    if (body >= 128) {
        struct reader r = reader_of(bytes_skip(in, 1));
        body = read_varint(&r);
        if (r.failed) return in.size > 4 ? ERR_MALFORMED : ERR_MORE;
        head = (size_t)(r.at - in.data);
    }
    if (in.size < head + body) return ERR_MORE;
    *f = (struct bench_frame){
        .type = (enum packet_type)(in.data[0] >> 4),
        .packet = bytes_at(in.data, head + body),
    };
    struct reader r = reader_of(bytes_at(in.data + head, body));
    if (f->type == PACKET_PUBLISH) {
        return publish_skim(&r, protocol, in.data[0], f);
    }
    if (f->type < PACKET_PUBACK || f->type > PACKET_PUBCOMP) return OK;
    f->id = read_u16(&r);
    if (reader_left(&r) > 0) f->reason = read_u8(&r);
    return r.failed ? ERR_MALFORMED : OK;
}
