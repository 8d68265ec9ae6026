/* backlog.c - what is behind the head of a queue, and mostly on disk. */
#include "core/backlog.h"

#include "core/event.h"
#include "core/grave.h"
#include "core/journal.h"
#include "core/outbound.h"
#include "core/page.h"
#include "core/record.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

void backlogs_init(struct backlogs *backlogs)
{
    list_init(&backlogs->fresh);
    list_init(&backlogs->stuck);
    list_init(&backlogs->graves);
}

static struct backlog *backlog_need(struct shard *shard,
                                    struct session *session)
{
    struct outbound *o = outbound_own(shard, session);
    if (o->backlog != NULL) return o->backlog;
    struct backlog *b = pool_take(shard->pool, sizeof *b);
    b->session = session;
    list_init(&b->recent);
    list_init(&b->fresh);
    list_init(&b->stuck);
    o->backlog = b;
    return b;
}

static void backlog_free(struct shard *shard, struct session *session)
{
    struct backlog *b = session->outbound->backlog;
    assert(list_empty(&b->recent));
    list_remove(&b->fresh);
    list_remove(&b->stuck);
    session->outbound->backlog = NULL;
    pool_give(shard->pool, b, sizeof *b);
}

/* Forget it when it has nothing, and nothing is to come. */
static void backlog_tidy(struct shard *shard, struct session *session)
{
    const struct backlog *b = session->outbound->backlog;
    if (b == NULL || b->count > 0 || b->dropped != 0) return;
    if (b->loading || !list_empty(&b->recent)) return;
    backlog_free(shard, session);
}

/* --- what is on disk alone ----------------------------------------------- */

/* `d`, the first of what is recent or the last of the head, is on disk: forget
 * it. The queue has it as before. */
static void paged_add(struct shard *shard, struct backlog *b,
                      struct delivery *d)
{
    assert(d->stored && d->packet_id == 0 && d->qos > 0);
    assert(d->link.next == &d->link);
    if (b->count == 0) b->first = b->last = d->order;
    if (d->order < b->first) b->first = d->order;
    if (d->order > b->last) b->last = d->order;
    if (d->order == b->first) {
        uint64_t expires_ms = d->body->message.expires_ms;
        b->expires_ms = expires_ms == 0 ? UINT64_MAX : expires_ms;
    }
    b->count += 1;
    b->bytes += delivery_bytes(d);
    delivery_free(shard, d);
}

/* One with `size` bytes is no longer on disk alone. Where that was not known,
 * it is now. */
static void paged_take(struct shard *shard, struct backlog *b, uint64_t size)
{
    struct outbound *o = b->session->outbound;
    if (b->count > 0) {
        b->count -= 1;
    } else {
        o->queue_count += 1;
        stat_add(shard, STAT_QUEUED, 1);
    }
    if (b->bytes < size) {
        stat_add(shard, STAT_QUEUED_BYTES, size - b->bytes);
        o->queue_bytes += size - b->bytes;
        b->bytes = size;
    }
    b->bytes -= size;
}

/* `count` with `bytes` of the queue are no more, or never were. */
static void queue_lower(struct shard *shard, struct session *session,
                        uint64_t count, uint64_t bytes)
{
    struct outbound *o = session->outbound;
    assert(o->queue_count >= count && o->queue_bytes >= bytes);
    o->queue_count -= (uint32_t)count;
    o->queue_bytes -= bytes;
    stat_sub(shard, STAT_QUEUED, count);
    stat_sub(shard, STAT_QUEUED_BYTES, bytes);
    if (o->queue_count == 0) session->overflow_noted = false;
}

/* Nothing is on disk alone any more. */
static void paged_clear(struct shard *shard, struct backlog *b)
{
    queue_lower(shard, b->session, b->count, b->bytes);
    b->count = b->bytes = 0;
}

/* --- asking -------------------------------------------------------------- */

/* The first order that has a record. */
static uint64_t backlog_start(const struct backlog *b)
{
    return b->dropped != 0 ? b->dropped : b->first;
}

/* When a batch is on disk, look again. */
static void backlog_wait(struct shard *shard, struct backlog *b)
{
    if (!list_empty(&b->fresh)) return;
    list_push(&shard->backlogs.fresh, &b->fresh);
}

/* Ask for the orders from the start to `last`, `max` of them; but not before
 * what is no more is gone from the disk. */
static void backlog_ask(struct shard *shard, struct backlog *b, uint64_t last,
                        uint32_t max)
{
    assert(!b->loading);
    if (!gate_open(shard, b->session->outbound->holed)) {
        backlog_wait(shard, b);
        return;
    }
    struct session_ref ref = b->session->ref;
    struct page_load load = {
        .token = (uint64_t)ref.slot << 32 | ref.generation,
        .first = backlog_start(b),
        .last = last,
        .max = max < PAGE_ENTRIES_MAX ? max : PAGE_ENTRIES_MAX,
        .client = session_id(b->session),
    };
    b->loading = true;
    b->asked = load.first;
    page_load_ask(shard->out, &load);
}

/* How many more the head may have. */
static uint32_t head_room(const struct shard *shard, const struct outbound *o)
{
    uint32_t max = shard->options->queue_memory_messages;
    if (o->head_count >= max) return 0;
    if (o->head_bytes >= QUEUE_MEMORY_BYTES_MAX) return 0;
    return max - o->head_count;
}

/* Is half of the head, or more, sent? */
static bool head_low(const struct shard *shard, const struct outbound *o)
{
    return o->head_count <= shard->options->queue_memory_messages / 2 &&
           o->head_bytes <= QUEUE_MEMORY_BYTES_MAX / 2;
}

/* Is the queue of `b` as full as it may be, or nearly? */
static bool backlog_full(const struct shard *shard, const struct backlog *b)
{
    const struct outbound *o = b->session->outbound;
    const struct options *options = shard->options;
    bool many = options->max_queued_messages > 0 &&
                outbound_unsent(o) + 1 >= options->max_queued_messages;
    return many || (options->max_queued_bytes > 0 &&
                    outbound_unsent_bytes(o) * 2 >= options->max_queued_bytes);
}

/* Of a session that is away: see that what was dropped is deleted, and, before
 * room is needed, when the first expires. */
static void backlog_scrub(struct shard *shard, struct backlog *b)
{
    bool unknown = b->count > 0 && b->expires_ms == 0 && backlog_full(shard, b);
    if (b->dropped == 0 && !unknown) return;
    if (b->loading || !list_empty(&b->stuck)) return;
    uint64_t last = b->count > 0 ? b->first : b->first - 1;
    backlog_ask(shard, b, last, PAGE_ENTRIES_MAX);
}

/* --- in ------------------------------------------------------------------ */

bool backlog_wants(const struct shard *shard, const struct session *session,
                   const struct delivery *d)
{
    const struct outbound *o = session->outbound;
    if (d->packet_id != 0) return false;
    if (o->backlog != NULL) return true;
    if (!d->stored) return false;
    return session->conn == NULL || head_room(shard, o) == 0;
}

void backlog_push(struct shard *shard, struct session *session,
                  struct delivery *d)
{
    assert(!d->in_window && !d->behind);
    struct backlog *b = backlog_need(shard, session);
    d->behind = true;
    list_push(&b->recent, &d->link);
    if (d->stored) backlog_wait(shard, b);
    if (session->conn == NULL) backlog_scrub(shard, b);
}

/* The first of what is recent that is to be on disk, or NULL. */
static struct delivery *recent_first(const struct backlog *b)
{
    LIST_EACH(at, after, &b->recent) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (d->stored) return d;
    }
    return NULL;
}

/* Forget of what is recent all that is on disk. */
static void recent_settle(struct shard *shard, struct backlog *b)
{
    LIST_EACH(at, after, &b->recent) {
        struct delivery *d = OWNER(at, struct delivery, link);
        if (!d->stored) continue;
        if (!gate_open(shard, d->kept)) {
            backlog_wait(shard, b);
            return;
        }
        list_remove(&d->link);
        paged_add(shard, b, d);
    }
}

/* The batch that `b` waits for. */
static uint64_t backlog_due(const struct backlog *b)
{
    const struct delivery *d = recent_first(b);
    return d != NULL ? d->kept : b->session->outbound->holed;
}

void backlogs_committed(struct shard *shard)
{
    struct link *fresh = &shard->backlogs.fresh;
    while (!list_empty(fresh)) {
        struct backlog *b = OWNER(fresh->next, struct backlog, fresh);
        struct session *session = b->session;
        if (!gate_open(shard, backlog_due(b))) return;
        list_remove(&b->fresh);
        if (session->conn == NULL) backlog_scrub(shard, b);
        outbound_pump(shard, session);
        b = session->outbound->backlog;
        if (b != NULL) recent_settle(shard, b);
    }
}

/* --- out ----------------------------------------------------------------- */

/* What is recent is next: to the head with it, as long as there is room. */
static bool recent_refill(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    struct backlog *b = o->backlog;
    bool moved = false;
    while (!list_empty(&b->recent) && head_room(shard, o) > 0) {
        struct delivery *d = OWNER(b->recent.next, struct delivery, link);
        list_remove(&d->link);
        d->behind = false;
        outbound_append(session, d);
        moved = true;
    }
    backlog_tidy(shard, session);
    return moved;
}

bool backlog_refill(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    struct backlog *b = o->backlog;
    assert(session->conn != NULL);
    if (b == NULL || b->loading || !list_empty(&b->stuck)) return false;
    if (b->count > 0) {
        uint32_t room = head_room(shard, o);
        if (head_low(shard, o) && room > 0)
            backlog_ask(shard, b, b->last, room);
        return false;
    }
    backlog_scrub(shard, b);
    return recent_refill(shard, session);
}

/* Take the last of the head out of it, if it was never sent and needs no
 * memory; else NULL. */
static struct delivery *head_take_last(struct outbound *o)
{
    if (list_empty(&o->queue)) return NULL;
    struct delivery *d = OWNER(o->queue.prev, struct delivery, link);
    if (!d->stored || d->packet_id != 0) return NULL;
    list_remove(&d->link);
    o->head_count -= 1;
    o->head_bytes -= delivery_bytes(d);
    return d;
}

/* Nothing is on disk alone: all of the head is recent. */
static void head_is_recent(struct shard *shard, struct session *session)
{
    struct delivery *d;
    while ((d = head_take_last(session->outbound)) != NULL) {
        struct backlog *b = backlog_need(shard, session);
        d->behind = true;
        list_unshift(&b->recent, &d->link);
    }
}

/* The head goes before what is on disk alone. */
static void head_is_paged(struct shard *shard, struct session *session)
{
    struct outbound *o = session->outbound;
    struct backlog *b = o->backlog;
    struct delivery *d;
    while ((d = head_take_last(o)) != NULL) {
        if (!gate_open(shard, d->kept)) {
            outbound_append(session, d);
            return;
        }
        paged_add(shard, b, d);
    }
}

void backlog_detach(struct shard *shard, struct session *session)
{
    const struct backlog *b = session->outbound->backlog;
    assert(session->conn == NULL);
    if (b == NULL || (b->count == 0 && b->dropped == 0)) {
        head_is_recent(shard, session);
    } else if (b->dropped == 0) {
        head_is_paged(shard, session);
    }
    if (session->outbound->backlog == NULL) return;
    recent_settle(shard, session->outbound->backlog);
    backlog_tidy(shard, session);
}

/* --- limits -------------------------------------------------------------- */

/* Who it is is not known, nor how large: it is as large as others are. */
static void paged_drop(struct shard *shard, struct backlog *b)
{
    assert(b->count > 0);
    uint64_t bytes = b->bytes / b->count;
    b->count -= 1;
    b->bytes -= bytes;
    if (b->dropped == 0) b->dropped = b->first;
    b->first += 1;
    b->expires_ms = 0;
    queue_lower(shard, b->session, 1, bytes);
    if (b->count == 0) paged_clear(shard, b);
    backlog_scrub(shard, b);
}

bool backlog_drop_oldest(struct shard *shard, struct session *session)
{
    struct backlog *b = session->outbound->backlog;
    if (b == NULL) return false;
    if (b->count > 0) {
        paged_drop(shard, b);
        return true;
    }
    if (list_empty(&b->recent)) return false;
    struct delivery *d = OWNER(b->recent.next, struct delivery, link);
    outbound_drop(shard, session, d, false);
    backlog_tidy(shard, session);
    return true;
}

/* Nothing is on disk alone: what is recent is next. */
static bool recent_drop_expired(struct shard *shard, struct session *session)
{
    const struct backlog *b = session->outbound->backlog;
    assert(b->count == 0);
    if (list_empty(&b->recent)) return false;
    struct delivery *d = OWNER(b->recent.next, struct delivery, link);
    assert(d->packet_id == 0);
    if (!message_expired(&d->body->message, shard->now_ms)) return false;
    outbound_drop(shard, session, d, true);
    backlog_tidy(shard, session);
    return true;
}

bool backlog_drop_expired(struct shard *shard, struct session *session)
{
    struct backlog *b = session->outbound->backlog;
    if (b == NULL) return false;
    if (b->count == 0) return recent_drop_expired(shard, session);
    if (b->expires_ms == 0 || b->expires_ms > shard->now_ms) return false;
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    paged_drop(shard, b);
    return true;
}

/* --- pages --------------------------------------------------------------- */

/* It is broken: say so, and go on without it. */
static void entry_lose(struct shard *shard, struct backlog *b,
                       const struct page_entry *entry, uint64_t stamp)
{
    struct session *session = b->session;
    actions_note(shard->out, NOTE_ERROR, NOTE_STATE, NULL,
                 "A stored message for client %s is lost: its record or its "
                 "body is broken",
                 session_name(session));
    paged_take(shard, b, 0);
    queue_lower(shard, session, 1, 0);
    journal_delivery_drop(shard, session_id(session), entry->order, stamp);
    session->outbound->holed = shard->out->batch;
}

/* It goes on to the head. */
static void entry_queue(struct shard *shard, struct backlog *b,
                        const struct record_delivery *record, struct message *m)
{
    struct session *session = b->session;
    struct delivery *d = delivery_stored(shard, session, record, m);
    paged_take(shard, b, delivery_bytes(d));
    outbound_append(session, d);
    if (session->stored) return;
    /* It ends with its connection now; the record was from before. */
    journal_delivery_gone(shard, session, d);
    d->stored = false;
}

/* Of a session that is away: drop it, if it has expired. */
static bool entry_scan(struct shard *shard, struct backlog *b,
                       const struct record_delivery *record,
                       const struct message *m)
{
    if (!message_expired(m, shard->now_ms)) {
        b->expires_ms = m->expires_ms == 0 ? UINT64_MAX : m->expires_ms;
        return false;
    }
    paged_take(shard, b, m->payload.size);
    queue_lower(shard, b->session, 1, m->payload.size);
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    journal_delivery_drop(shard, session_id(b->session), record->order,
                          record->stamp);
    return true;
}

/* Take one entry. False: it stays where it is, and all behind it. */
static bool entry_take(struct shard *shard, struct backlog *b,
                       const struct page_entry *entry)
{
    struct record_delivery record;
    struct message m;
    bool known = record_delivery_read(entry->delivery, &record) == OK;
    uint64_t stamp = known ? record.stamp : 0;
    if (entry->order < b->first) {
        journal_delivery_drop(shard, session_id(b->session), entry->order,
                              stamp);
        return true;
    }
    known = known && record.packet_id == 0 && record.order == entry->order &&
            record_message_read(entry->message, &m) == OK;
    if (!known) {
        entry_lose(shard, b, entry, stamp);
        return true;
    }
    if (b->session->conn == NULL) {
        return entry_scan(shard, b, &record, &m);
    }
    entry_queue(shard, b, &record, &m);
    return true;
}

/* Take what the page has, which begins at the start. */
static void page_take(struct shard *shard, struct backlog *b,
                      const struct event *event)
{
    struct reader r = reader_of(event->page);
    struct page_entry entry;
    uint64_t end = event->end;
    bool stays = false;
    while (!stays && page_next(&r, &entry))
        stays = !entry_take(shard, b, &entry);
    if (stays) end = entry.order;
    if (b->dropped != 0) b->dropped = end < b->first ? end : 0;
    if (!stays && end > b->first) b->expires_ms = 0;
    if (end > b->first) b->first = end;
    if (b->count > 0 && b->first > b->last) paged_clear(shard, b);
}

void backlog_loaded(struct shard *shard, const struct event *event)
{
    struct session_ref ref = {(uint32_t)(event->token >> 32),
                              (uint32_t)event->token};
    struct session *session = session_by_ref(shard, ref);
    struct backlog *b = session == NULL ? NULL : session->outbound->backlog;
    if (b == NULL || !b->loading) return;
    b->loading = false;
    if (event->failing) {
        list_push(&shard->backlogs.stuck, &b->stuck);
        return;
    }
    if (b->asked == backlog_start(b)) page_take(shard, b, event);
    if (session->conn == NULL) backlog_scrub(shard, b);
    backlog_tidy(shard, session);
    session_pump(shard, session);
}

void backlogs_retry(struct shard *shard)
{
    struct link *stuck = &shard->backlogs.stuck;
    while (!list_empty(stuck)) {
        struct backlog *b = OWNER(stuck->next, struct backlog, stuck);
        list_remove(&b->stuck);
        if (b->session->conn == NULL) backlog_scrub(shard, b);
        outbound_pump(shard, b->session);
    }
    graves_open(shard);
}

bool backlogs_waiting(const struct shard *shard)
{
    const struct backlogs *backlogs = &shard->backlogs;
    bool graves = !list_empty(&backlogs->graves) && !backlogs->grave_loading;
    return graves || !list_empty(&backlogs->stuck);
}

/* --- beginning and end --------------------------------------------------- */

void backlog_end(struct shard *shard, struct session *session, bool gone)
{
    struct outbound *o = session->outbound;
    struct backlog *b = o->backlog;
    if (b == NULL) return;
    LIST_EACH(at, after, &b->recent) {
        list_remove(at);
        list_push(&o->queue, at);
    }
    uint64_t start = backlog_start(b);
    uint64_t last = b->count > 0 ? b->last : b->first - 1;
    bool paged = b->count > 0 || b->dropped != 0;
    paged_clear(shard, b);
    backlog_free(shard, session);
    if (paged && gone) {
        grave_add(shard, session_id(session), start, last, o->holed);
    }
}

bool backlog_restore(struct shard *shard, struct session *session,
                     const struct record_delivery *record)
{
    struct backlog *b = backlog_need(shard, session);
    struct outbound *o = session->outbound;
    bool fresh = b->count == 0;
    if (fresh) b->first = b->last = record->order - 1;
    uint64_t count = record->order - b->last;
    uint64_t bytes = fresh ? record->size : record->bytes - o->total_bytes;
    if (count > QUEUE_COUNT_MAX - b->count) return false;
    /* What a broken record says is no reason to count wrong. */
    if (bytes > count * PACKET_BYTES_MAX) bytes = record->size;
    if (fresh) {
        b->first = record->order;
        b->expires_ms = record->expires_ms;
    }
    b->last = record->order;
    b->count += count;
    b->bytes += bytes;
    o->total_bytes = record->bytes;
    o->queue_count += (uint32_t)count;
    o->queue_bytes += bytes;
    stat_add(shard, STAT_QUEUED, count);
    stat_add(shard, STAT_QUEUED_BYTES, bytes);
    return true;
}
