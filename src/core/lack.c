/* lack.c - who may lack a QoS 2 message that crashes have interrupted. */
#include "core/lack.h"

#include "core/place.h"

#include <assert.h>

static size_t lack_count(struct bytes lack)
{
    assert(lack.size % LACK_ROW_BYTES == 0);
    assert(lack.size <= LACK_BYTES_MAX);
    return lack.size / LACK_ROW_BYTES;
}

static struct lack_row lack_row(struct bytes lack, size_t index)
{
    assert(index < lack_count(lack));
    struct reader r = reader_of(bytes_skip(lack, index * LACK_ROW_BYTES));
    struct lack_row row = {.shards = read_u8(&r)};
    row.lacking = read_u64(&r);
    assert(!r.failed);
    return row;
}

static void lack_write(struct writer *w, const struct lack_row *row)
{
    assert(row->shards >= 1 && row->shards <= SHARDS_MAX);
    assert(row->lacking != 0);
    write_u8(w, (uint8_t)row->shards);
    write_u64(w, row->lacking);
}

void lack_add(struct writer *w, struct bytes lack, const struct lack_row *row)
{
    assert(writer_left(w) >= LACK_BYTES_MAX);
    struct lack_row newest = *row;
    for (size_t i = 0; i < lack_count(lack); i++) {
        struct lack_row older = lack_row(lack, i);
        if (older.shards == newest.shards) newest.lacking &= older.lacking;
    }
    if (newest.lacking == 0) return;
    for (size_t i = 0; i < lack_count(lack); i++) {
        struct lack_row older = lack_row(lack, i);
        if (older.shards != newest.shards) lack_write(w, &older);
    }
    lack_write(w, &newest);
    assert(!w->failed);
}

struct lack_row lack_newest(struct bytes lack)
{
    assert(lack.size > 0);
    return lack_row(lack, lack_count(lack) - 1);
}

bool lack_valid(struct bytes lack)
{
    if (lack.size % LACK_ROW_BYTES != 0) return false;
    if (lack.size > LACK_BYTES_MAX) return false;
    uint64_t seen = 0;
    for (size_t i = 0; i < lack_count(lack); i++) {
        struct lack_row row = lack_row(lack, i);
        if (row.shards < 1 || row.shards > SHARDS_MAX) return false;
        uint64_t bit = UINT64_C(1) << (row.shards - 1);
        if ((seen & bit) != 0 || row.lacking == 0) return false;
        seen |= bit;
    }
    return true;
}

bool lack_has(struct bytes lack, const struct hash_key *key, struct bytes text)
{
    for (size_t i = 0; i < lack_count(lack); i++) {
        struct lack_row row = lack_row(lack, i);
        struct shard_place then = {.count = row.shards, .key = *key};
        if ((row.lacking >> place_home(&then, text) & 1) == 0) return false;
    }
    return lack.size > 0;
}
