/* packet.h - packets made beforehand, and packets recognised in passing.
 *
 * A publisher's PUBLISH is encoded once; for each message only what differs is
 * put in:
 *
 *     [ head ][ topic ... %n ][ packet id ][ props ][ proof | filler ... ]
 *                        ^ number            ^ id        ^ payload
 *
 * The proof, the first BENCH_PROOF_SIZE bytes of the payload:
 *
 *     [ tag: 4 ][ sender: 4 ][ number: 4 ][ time, ns: 8 ]     big-endian
 *
 * The tag is that of the run: messages of others are told by it.
 */
#ifndef MOGI_BENCH_PACKET_H
#define MOGI_BENCH_PACKET_H

#include "wire/packet.h"

enum {
    BENCH_NUMBER_DIGITS = 8, /* of %n, zeros in front */
    BENCH_PROOF_SIZE = 20,
};

struct bench_template {
    uint8_t *data; /* NULL: none; freed by bench_template_fini */
    size_t size;
    size_t id_at;      /* 0: QoS 0 has no packet id */
    size_t number_at;  /* 0: the same topic for all */
    size_t payload_at; /* 0: the payload is empty */
};

struct bench_proof {
    uint32_t tag;
    uint32_t sender;
    uint32_t number;
    uint64_t time_ns;
};

/* A packet as far as a load generator needs to know it. */
struct bench_frame {
    enum packet_type type;
    uint8_t qos;         /* of PUBLISH */
    uint16_t id;         /* of PUBLISH above QoS 0, and of what answers one */
    uint8_t reason;      /* of what answers one; 0 where it is not written */
    struct bytes packet; /* whole */
    struct bytes payload;
};

/* Write `pattern` to `out` (NUL at the end), "%i" replaced by `index` and "%n"
 * by `number` in BENCH_NUMBER_DIGITS digits. Returns where the number stands,
 * 0 when it does not; what does not fit into `size` is cut off. */
size_t bench_pattern(const char *pattern, uint32_t index, uint32_t number,
                     char *out, size_t size);

/* Encode a PUBLISH of `payload_size` bytes, which is 0 or BENCH_PROOF_SIZE at
 * least. `number_at` is where %n stands in `topic`, 0: nowhere. */
void bench_template_init(struct bench_template *t, enum protocol protocol,
                         const char *topic, size_t number_at, unsigned qos,
                         bool retain, size_t payload_size);

/* Free its memory. */
void bench_template_fini(struct bench_template *t);

/* Write t->size bytes to `out`: the packet with id `id` (QoS > 0) and `proof`.
 * Its payload's tail is whatever the template says. */
void bench_template_write(const struct bench_template *t, uint8_t *out,
                          uint16_t id, const struct bench_proof *proof);

/* Read the proof of a payload; false when it is too short to hold one. */
bool bench_proof_read(struct bytes payload, struct bench_proof *proof);

/* Cut the first packet off `in`. Only what is in `f` is looked at: the broker
 * is measured here, not judged.
 *
 * OK, ERR_MORE: it is not whole, or ERR_MALFORMED. */
MUST_USE
enum err bench_frame_next(struct bytes in, enum protocol protocol,
                          struct bench_frame *f);

#endif
