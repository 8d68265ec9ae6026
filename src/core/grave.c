/* grave.c - what a session leaves on disk when it ends. */
#include "core/grave.h"

#include "core/event.h"
#include "core/journal.h"
#include "core/page.h"
#include "core/record.h"
#include "core/session.h"
#include "core/state.h"
#include "core/walk.h"

#include <assert.h>

struct grave {
    struct link link;
    uint64_t first, last;
    uint64_t batch; /* is to be on disk before it is read */
    bool sealed;    /* it was found at start, and it is too early */
    uint16_t client_size;
    uint8_t client[];
};

static struct bytes grave_client(const struct grave *grave)
{
    return bytes_at(grave->client, grave->client_size);
}

static void grave_free(struct shard *shard, struct grave *grave)
{
    list_remove(&grave->link);
    pool_give(shard->pool, grave, sizeof *grave + grave->client_size);
}

void graves_dig(struct shard *shard)
{
    struct backlogs *backlogs = &shard->backlogs;
    if (backlogs->grave_loading || list_empty(&backlogs->graves)) return;
    const struct grave *grave =
        OWNER(backlogs->graves.next, struct grave, link);
    if (grave->sealed || !gate_open(shard, grave->batch)) return;
    /* No session has generation 0. */
    struct page_load load = {.token = 0,
                             .first = grave->first,
                             .last = grave->last,
                             .max = PAGE_ENTRIES_MAX,
                             .client = grave_client(grave)};
    backlogs->grave_loading = true;
    page_load_ask(shard->out, &load);
}

void graves_open(struct shard *shard)
{
    LIST_EACH(at, after, &shard->backlogs.graves) {
        OWNER(at, struct grave, link)->sealed = false;
    }
    graves_dig(shard);
}

static struct grave *grave_new(struct shard *shard, struct bytes client,
                               uint64_t first, uint64_t last)
{
    assert(first <= last);
    struct grave *grave = pool_take(shard->pool, sizeof *grave + client.size);
    grave->first = first;
    grave->last = last;
    grave->client_size = (uint16_t)client.size;
    memcpy(grave->client, client.data, client.size);
    list_push(&shard->backlogs.graves, &grave->link);
    return grave;
}

void grave_add(struct shard *shard, struct bytes client, uint64_t first,
               uint64_t last, uint64_t batch)
{
    grave_new(shard, client, first, last)->batch = batch;
    graves_dig(shard);
}

void grave_restore(struct shard *shard, struct bytes client, uint64_t order)
{
    struct link *graves = &shard->backlogs.graves;
    struct grave *last =
        list_empty(graves) ? NULL : OWNER(graves->prev, struct grave, link);
    bool near = last != NULL && bytes_equal(grave_client(last), client) &&
                order > last->last && order - last->last <= WALK_SPAN;
    if (near) {
        last->last = order;
    } else {
        grave_new(shard, client, order, order)->sealed = true;
    }
}

/* Give it to another member of its shared subscription, if that may be. */
static bool entry_give(struct shard *shard, const struct grave *grave,
                       const struct record_delivery *record, struct bytes value)
{
    struct message m;
    if (record->group.size == 0) return false;
    if (record_message_read(value, &m) != OK) return false;
    struct delivery *d = delivery_build(shard, record);
    d->body = message_share(&m, shard->pool);
    message_done(&m);
    d->group = body_of_text(shard->pool, record->group);
    d->order = record->order;
    d->stored = true;
    bool given = delivery_returnable(d);
    if (given) {
        struct session_ref nobody = {0};
        delivery_give(shard, nobody, grave_client(grave), d);
    }
    delivery_free(shard, d);
    return given;
}

static void entry_bury(struct shard *shard, const struct grave *grave,
                       const struct page_entry *entry)
{
    struct record_delivery record;
    bool known = record_delivery_read(entry->delivery, &record) == OK;
    known = known && record.order == entry->order;
    if (known && entry_give(shard, grave, &record, entry->message)) {
        return;
    }
    journal_delivery_drop(shard, grave_client(grave), entry->order,
                          known ? record.stamp : 0);
}

void grave_loaded(struct shard *shard, const struct event *event)
{
    struct backlogs *backlogs = &shard->backlogs;
    if (!backlogs->grave_loading) return;
    backlogs->grave_loading = false;
    if (event->failing) return;
    assert(!list_empty(&backlogs->graves));
    struct grave *grave = OWNER(backlogs->graves.next, struct grave, link);
    struct reader r = reader_of(event->page);
    struct page_entry entry;
    while (page_next(&r, &entry))
        entry_bury(shard, grave, &entry);
    assert(event->end > grave->first);
    grave->first = event->end;
    if (grave->first > grave->last) grave_free(shard, grave);
    graves_dig(shard);
}

void graves_fini(struct shard *shard)
{
    LIST_EACH(at, after, &shard->backlogs.graves) {
        grave_free(shard, OWNER(at, struct grave, link));
    }
}
