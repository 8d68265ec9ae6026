/* page.c - a part of a queue that is on disk. */
#include "core/page.h"

#include "core/actions.h"
#include "core/record.h"

#include <assert.h>

void page_load_ask(struct actions *out, const struct page_load *load)
{
    assert(load->first <= load->last);
    assert(load->max > 0 && load->client.size > 0);
    size_t size = PAGE_LOAD_BYTES + load->client.size;
    uint8_t *room = buffer_reserve(&out->arena, size);
    struct writer w = writer_at(room, size);
    write_u64(&w, load->token);
    write_u64(&w, load->first);
    write_u64(&w, load->last);
    write_u32(&w, load->max);
    write_binary(&w, load->client);
    assert(!w.failed && writer_left(&w) == 0);
    struct action *action = actions_add(out, ACTION_LOAD, (struct conn_id){0});
    action->offset = (uint32_t)out->arena.size;
    action->size = (uint32_t)size;
    out->arena.size += size;
}

void page_load_read(struct bytes in, struct page_load *load)
{
    struct reader r = reader_of(in);
    load->token = read_u64(&r);
    load->first = read_u64(&r);
    load->last = read_u64(&r);
    load->max = read_u32(&r);
    load->client = read_binary(&r);
    assert(!r.failed && reader_left(&r) == 0);
    assert(load->first <= load->last && load->max > 0);
}

/* The value under `key`; empty when it is broken. ERR_MORE: there is none. */
static enum err value_get(const struct page_host *host,
                          const struct record_key *key, struct bytes *value)
{
    uint8_t space[RECORD_KEY_MAX];
    struct writer w = writer_at(space, sizeof space);
    record_key_write(&w, key);
    assert(!w.failed);
    enum err e = host->get(host->context, writer_bytes(&w), value);
    if (e == OK) return OK;
    *value = bytes_at(NULL, 0);
    return e == ERR_MALFORMED ? OK : e;
}

static enum err number_add(const struct page_host *host, uint64_t number,
                           size_t size)
{
    uint8_t space[8];
    struct writer w = writer_at(space, sizeof space);
    if (size == 8) write_u64(&w, number);
    if (size == 4) write_u32(&w, (uint32_t)number);
    assert(writer_bytes(&w).size == size);
    return host->add(host->context, writer_bytes(&w));
}

static enum err value_add(const struct page_host *host, struct bytes value)
{
    enum err e = number_add(host, value.size, 4);
    return e != OK || value.size == 0 ? e : host->add(host->context, value);
}

/* The stamp of the message that a delivery refers to; 0: it is broken. */
static uint64_t value_stamp(struct bytes value)
{
    struct record_delivery record;
    return record_delivery_read(value, &record) == OK ? record.stamp : 0;
}

/* Add delivery `order`, and count what it takes. */
static enum err entry_read(const struct page_load *load, uint64_t order,
                           const struct page_host *host, uint32_t *count,
                           size_t *bytes)
{
    struct record_key key = {
        .kind = RECORD_DELIVERY, .client = load->client, .number = order};
    struct bytes value;
    enum err e = value_get(host, &key, &value);
    if (e == ERR_MORE) return OK;
    if (e != OK) return e;
    uint64_t stamp = value_stamp(value);
    e = number_add(host, order, 8);
    if (e == OK) e = value_add(host, value);
    key = (struct record_key){.kind = RECORD_MESSAGE, .number = stamp};
    value = bytes_at(NULL, 0);
    if (e == OK && stamp != 0) e = value_get(host, &key, &value);
    if (e == OK || e == ERR_MORE) e = value_add(host, value);
    *count += 1;
    *bytes += value.size;
    return e;
}

enum err page_read(const struct page_load *load, const struct page_host *host,
                   uint64_t *end)
{
    uint32_t count = 0, looked = 0;
    size_t bytes = 0;
    uint64_t order = load->first;
    enum err e = OK;
    while (e == OK && order <= load->last && count < load->max &&
           looked < PAGE_LOOKS_MAX && bytes < PAGE_BYTES_MAX) {
        e = entry_read(load, order, host, &count, &bytes);
        order += 1;
        looked += 1;
    }
    *end = order;
    return e;
}

bool page_next(struct reader *r, struct page_entry *entry)
{
    if (reader_left(r) == 0) return false;
    entry->order = read_u64(r);
    entry->delivery = read_bytes(r, read_u32(r));
    entry->message = read_bytes(r, read_u32(r));
    assert(!r->failed);
    return true;
}
