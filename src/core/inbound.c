/* inbound.c - what one client published, until it knows that we have it. */
#include "core/inbound.h"

#include "core/conn.h"
#include "core/output.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/reason.h"

#include <assert.h>

void inbound_init(struct inbound *inbound)
{
    *inbound = (struct inbound){0};
    list_init(&inbound->receipts);
    idset_init(&inbound->received);
}

struct inbound *inbound_own(struct shard *shard, struct session *session)
{
    if (session->inbound != &shard->no_inbound) return session->inbound;
    session->inbound = pool_take(shard->pool, sizeof *session->inbound);
    inbound_init(session->inbound);
    return session->inbound;
}

/* Out of the list, and gone. */
static void receipt_free(struct shard *shard, struct receipt *receipt)
{
    struct inbound *inbound = receipt->session->inbound;
    assert(inbound->receipt_count > 0);
    list_remove(&receipt->link);
    inbound->receipt_count -= 1;
    join_free(shard, receipt->join);
    pool_give(shard->pool, receipt, sizeof *receipt);
}

/* Give back what it owns. */
static void doubt_done(struct doubt *doubt, struct pool *pool)
{
    pool_give(pool, (void *)(uintptr_t)doubt->lack.data, doubt->lack.size);
}

void inbound_fini(struct shard *shard, struct session *session)
{
    struct inbound *inbound = session->inbound;
    if (inbound == &shard->no_inbound) return;
    LIST_EACH(at, after, &inbound->receipts) {
        receipt_free(shard, OWNER(at, struct receipt, link));
    }
    assert(inbound->receipt_count == 0);
    idset_fini(&inbound->received, shard->pool);
    for (uint32_t i = 0; i < inbound->doubt_count; i++)
        doubt_done(&inbound->doubts[i], shard->pool);
    pool_give(shard->pool, inbound->doubts,
              inbound->doubt_count * sizeof *inbound->doubts);
    pool_give(shard->pool, inbound, sizeof *inbound);
    session->inbound = &shard->no_inbound;
}

struct receipt *receipt_new(struct shard *shard, struct session *session,
                            enum packet_type type, uint16_t packet_id)
{
    assert(packet_id != 0);
    struct receipt *receipt = pool_take(shard->pool, sizeof *receipt);
    receipt->session = session;
    receipt->type = (uint8_t)type;
    receipt->packet_id = packet_id;
    receipt->joined = true;
    receipt->wanted = true;
    struct inbound *inbound = inbound_own(shard, session);
    list_push(&inbound->receipts, &receipt->link);
    inbound->receipt_count += 1;
    return receipt;
}

void receipt_routed(struct shard *shard, struct receipt *receipt,
                    uint32_t count, uint64_t batch)
{
    assert(!receipt->routed);
    receipt->routed = true;
    receipt->count += count;
    receipt->batch = batch;
    if (batch != 0) gate_session(shard, batch, receipt->session->ref);
    inbound_flush(shard, receipt->session);
}

void receipt_joined(struct shard *shard, struct receipt *receipt,
                    uint32_t count, enum err reason)
{
    assert(!receipt->joined);
    receipt->joined = true;
    receipt->count += count;
    if (reason != OK) receipt->reason = err_code(reason);
    join_free(shard, receipt->join);
    receipt->join = (struct join_ref){0};
    struct session *session = receipt->session;
    inbound_flush(shard, session);
    if (session->conn != NULL) conn_resume(shard, session->conn);
}

void receipt_again(struct shard *shard, struct receipt *receipt)
{
    struct session *session = receipt->session;
    assert(session->conn != NULL);
    if (receipt->wanted) return;
    receipt->wanted = true;
    list_remove(&receipt->link);
    list_push(&session->inbound->receipts, &receipt->link);
    inbound_flush(shard, session);
}

struct receipt *inbound_receipt(struct inbound *inbound, uint16_t packet_id)
{
    LIST_EACH(at, after, &inbound->receipts) {
        struct receipt *receipt = OWNER(at, struct receipt, link);
        if (receipt->type != PACKET_PUBREC) continue;
        if (receipt->packet_id == packet_id) return receipt;
    }
    return NULL;
}

const struct doubt *inbound_doubt(const struct inbound *inbound,
                                  uint16_t packet_id)
{
    for (uint32_t i = 0; i < inbound->doubt_count; i++) {
        if (inbound->doubts[i].packet_id == packet_id) {
            return &inbound->doubts[i];
        }
    }
    return NULL;
}

/* Room for `count` doubts. */
static void doubts_resize(struct inbound *inbound, struct pool *pool,
                          uint32_t count)
{
    size_t each = sizeof *inbound->doubts;
    inbound->doubts = pool_resize(pool, inbound->doubts,
                                  inbound->doubt_count * each, count * each);
    inbound->doubt_count = count;
}

void inbound_doubt_add(struct inbound *inbound, struct pool *pool,
                       struct doubt doubt)
{
    assert(inbound_doubt(inbound, doubt.packet_id) == NULL);
    assert(doubt.lack.size > 0);
    uint8_t *copy = pool_take(pool, doubt.lack.size);
    memcpy(copy, doubt.lack.data, doubt.lack.size);
    doubt.lack.data = copy;
    doubts_resize(inbound, pool, inbound->doubt_count + 1);
    inbound->doubts[inbound->doubt_count - 1] = doubt;
}

void inbound_doubt_drop(struct inbound *inbound, struct pool *pool,
                        uint16_t packet_id)
{
    const struct doubt *found = inbound_doubt(inbound, packet_id);
    if (found == NULL) return;
    uint32_t index = (uint32_t)(found - inbound->doubts);
    doubt_done(&inbound->doubts[index], pool);
    inbound->doubts[index] = inbound->doubts[inbound->doubt_count - 1];
    doubts_resize(inbound, pool, inbound->doubt_count - 1);
}

/* What the acknowledgement says. That nobody is there is told by PUBACK alone,
 * as clients of other brokers are used to. MQTT 5.0, 3.4.2.1, 3.5.2.1 */
static uint8_t receipt_reason(const struct receipt *receipt)
{
    if (receipt->reason != REASON_SUCCESS) return receipt->reason;
    bool nobody = receipt->type == PACKET_PUBACK && receipt->count == 0;
    return nobody ? REASON_NO_MATCHING_SUBSCRIBERS : REASON_SUCCESS;
}

/* Send it. What ends a publish gives its place back; a PUBREL may end one of an
 * earlier connection, which has none. */
static void inbound_send(struct shard *shard, struct session *session,
                         enum packet_type type, uint16_t packet_id,
                         uint8_t reason)
{
    struct inbound *inbound = session->inbound;
    bool ends = type != PACKET_PUBREC || reason >= REASON_FAILURE;
    if (ends && inbound->unacknowledged > 0) inbound->unacknowledged -= 1;
    output_ack(shard, session->conn, type, packet_id, reason);
}

/* A QoS 2 message that another shard refused ends with its PUBREC. One that was
 * refused at once has no id any more. MQTT 5.0, 4.3.3 */
static void receipt_send(struct shard *shard, struct receipt *receipt)
{
    struct session *session = receipt->session;
    uint8_t reason = receipt_reason(receipt);
    if (receipt->type == PACKET_PUBREC && reason >= REASON_FAILURE &&
        !receipt->refusal) {
        session_released(shard, session, receipt->packet_id);
    }
    if (!receipt->wanted || session->conn == NULL) return;
    inbound_send(shard, session, (enum packet_type)receipt->type,
                 receipt->packet_id, reason);
}

void inbound_flush(struct shard *shard, struct session *session)
{
    struct link *head = &session->inbound->receipts;
    while (!list_empty(head)) {
        struct receipt *receipt = OWNER(head->next, struct receipt, link);
        if (!receipt->routed || !receipt->joined) return;
        if (!gate_open(shard, receipt->batch)) return;
        receipt_send(shard, receipt);
        receipt_free(shard, receipt);
    }
}

void inbound_acknowledge(struct shard *shard, struct session *session,
                         enum packet_type type, uint16_t packet_id,
                         uint8_t reason, uint64_t batch)
{
    assert(session->conn != NULL);
    if (list_empty(&session->inbound->receipts) && gate_open(shard, batch)) {
        inbound_send(shard, session, type, packet_id, reason);
        return;
    }
    struct receipt *receipt = receipt_new(shard, session, type, packet_id);
    receipt->reason = reason;
    receipt->refusal = type == PACKET_PUBREC && reason >= REASON_FAILURE;
    receipt->routed = true;
    receipt->count = 1;
    receipt->batch = batch;
    gate_session(shard, batch, session->ref);
    inbound_flush(shard, session);
}

void inbound_detach(struct shard *shard, struct session *session)
{
    struct inbound *inbound = session->inbound;
    if (inbound->unacknowledged > 0) inbound->unacknowledged = 0;
    LIST_EACH(at, after, &inbound->receipts) {
        struct receipt *receipt = OWNER(at, struct receipt, link);
        receipt->wanted = false;
        if (receipt->refusal) receipt_free(shard, receipt);
    }
}
