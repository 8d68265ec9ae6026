/* segment_test.c - where a log ends, and where it is broken: cut at each byte,
 * each byte flipped. */
#include "check.h"
#include "store/crc32c.h"
#include "store/segment.h"

enum { LOG_MAX = 4096, FRAMES = 6 };

/* A log being made: `durable` says how far it was synced before a frame. */
struct maker {
    uint8_t bytes[LOG_MAX];
    size_t size;
    uint64_t sequence;
    uint32_t salt;
};

static void maker_begin(struct maker *m, uint64_t first, uint32_t salt)
{
    /* What the file had before is no zeros. */
    memset(m->bytes, 0xee, sizeof m->bytes);
    m->sequence = first;
    m->salt = salt;
    m->size = SEGMENT_HEAD_BYTES;
    struct segment_head head = {.number = 1, .sequence = first, .salt = salt};
    segment_head_write(m->bytes, &head);
}

static void maker_add(struct maker *m, const char *body, uint64_t durable)
{
    struct bytes b = bytes_of(body);
    struct logframe_head head = {.kind = LOGFRAME_BATCH,
                                 .size = (uint32_t)b.size,
                                 .sequence = m->sequence++,
                                 .durable = durable,
                                 .count = 1,
                                 .body_crc = crc32c(0, b)};
    REQUIRE(m->size + logframe_size(b.size) <= LOG_MAX);
    logframe_head_write(m->bytes + m->size, &head, m->salt);
    memcpy(m->bytes + m->size + LOGFRAME_HEAD_BYTES, b.data, b.size);
    m->size += logframe_size(b.size);
}

/* Six frames, each on disk before the next was written. */
static void maker_fill(struct maker *m)
{
    static const char *const bodies[FRAMES] = {"one",  "two",  "three",
                                               "four", "five", "six is longer"};
    maker_begin(m, 10, 77);
    for (uint64_t i = 0; i < FRAMES; i++)
        maker_add(m, bodies[i], 10 + i);
}

/* How many frames there are up to the end, and how it ended. */
static enum err scan_all(struct segment_scan *scan, struct bytes file,
                         uint64_t stop, unsigned *count)
{
    *count = 0;
    enum err e = segment_begin(scan, file, stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body;
        e = segment_next(scan, &head, &body);
        if (e == OK) CHECK_EQ(head.sequence, 10 + (*count)++);
    }
    return e;
}

static void a_whole_log_is_read(void)
{
    struct maker m;
    struct segment_scan scan;
    unsigned count;
    maker_fill(&m);
    struct bytes file = bytes_at(m.bytes, LOG_MAX);
    CHECK_EQ(scan_all(&scan, file, UINT64_MAX, &count), ERR_MORE);
    CHECK_EQ(count, FRAMES);
    CHECK(!scan.torn);
    CHECK_EQ(scan.next, 16);
    CHECK_EQ(scan.offset, m.size);
    CHECK_EQ(scan_all(&scan, file, 16, &count), ERR_MORE);
    CHECK_EQ(count, FRAMES);
}

/* What another segment has is not read here, broken or not. */
static void it_ends_where_the_next_begins(void)
{
    struct maker m;
    struct segment_scan scan;
    unsigned count;
    maker_fill(&m);
    m.bytes[m.size - 1] ^= 1;
    m.bytes[m.size - 20] ^= 1;
    struct bytes file = bytes_at(m.bytes, LOG_MAX);
    CHECK_EQ(scan_all(&scan, file, 13, &count), ERR_MORE);
    CHECK_EQ(count, 3);
    CHECK_EQ(scan_all(&scan, file, 17, &count), ERR_MALFORMED);
    CHECK_EQ(count, 5);
}

static void cut_anywhere_it_is_a_beginning(void)
{
    struct maker m;
    maker_fill(&m);
    for (size_t cut = SEGMENT_HEAD_BYTES; cut <= m.size; cut++) {
        struct segment_scan scan;
        unsigned count;
        uint8_t *file = check_guard(m.bytes, cut);
        enum err e = scan_all(&scan, bytes_at(file, cut), UINT64_MAX, &count);
        CHECK_EQ(e, ERR_MORE);
        CHECK(scan.offset <= cut + LOGFRAME_ALIGN);
        CHECK_EQ(count, cut == m.size ? FRAMES : scan.next - 10);
        check_guard_free(file, cut);
    }
}

/* The last frame alone may be taken for one that was never finished. */
static void flipped_anywhere_it_is_noticed(void)
{
    struct maker m;
    maker_fill(&m);
    size_t last = m.size - logframe_size(strlen("six is longer"));
    for (size_t i = 0; i < m.size; i++) {
        for (uint8_t bit = 1; bit != 0; bit = (uint8_t)(bit << 1)) {
            struct segment_scan scan;
            unsigned count;
            m.bytes[i] ^= bit;
            enum err e =
                scan_all(&scan, bytes_at(m.bytes, LOG_MAX), UINT64_MAX, &count);
            m.bytes[i] ^= bit;
            if (e == ERR_MALFORMED) continue;
            CHECK_EQ(e, ERR_MORE);
            CHECK(count == FRAMES || (i >= last && count == FRAMES - 1));
        }
    }
}

/* Three frames of one write, of which the first did not reach the disk. */
static void a_group_may_be_torn_in_front(void)
{
    struct maker m;
    struct segment_scan scan;
    unsigned count;
    maker_begin(&m, 10, 3);
    maker_add(&m, "kept", 10);
    size_t torn = m.size;
    maker_add(&m, "torn", 11);
    maker_add(&m, "same write", 11);
    m.bytes[torn + 3] ^= 1;
    struct bytes file = bytes_at(m.bytes, LOG_MAX);
    CHECK_EQ(scan_all(&scan, file, UINT64_MAX, &count), ERR_MORE);
    CHECK_EQ(count, 1);
    CHECK(scan.torn);
    maker_add(&m, "next write", 13);
    CHECK_EQ(scan_all(&scan, file, UINT64_MAX, &count), ERR_MALFORMED);
    CHECK_EQ(scan.offset, torn);
    CHECK_EQ(segment_skip(&scan), 1);
    struct logframe_head head;
    struct bytes body;
    CHECK_EQ(segment_next(&scan, &head, &body), OK);
    CHECK_EQ(head.sequence, 12);
}

/* The file had another segment, with the same sequences. */
static void an_old_use_of_the_file_is_not_read(void)
{
    struct maker old, m;
    struct segment_scan scan;
    unsigned count;
    maker_begin(&old, 10, 1);
    for (uint64_t i = 0; i < 4; i++)
        maker_add(&old, "old", 10 + i);
    maker_begin(&m, 10, 2);
    maker_add(&m, "new", 10);
    memcpy(m.bytes + m.size, old.bytes + m.size, old.size - m.size);
    CHECK_EQ(scan_all(&scan, bytes_at(m.bytes, LOG_MAX), UINT64_MAX, &count),
             ERR_MORE);
    CHECK_EQ(count, 1);
    CHECK(!scan.torn);
}

static void a_hole_to_the_end_ends_it(void)
{
    struct maker m;
    struct segment_scan scan;
    unsigned count;
    maker_fill(&m);
    m.bytes[m.size - 50] ^= 1;
    CHECK_EQ(scan_all(&scan, bytes_at(m.bytes, LOG_MAX), 20, &count),
             ERR_MALFORMED);
    CHECK_EQ(count, 5);
    CHECK_EQ(segment_skip(&scan), 5);
    struct logframe_head head;
    struct bytes body;
    CHECK_EQ(segment_next(&scan, &head, &body), ERR_MORE);
}

int main(void)
{
    RUN(a_whole_log_is_read);
    RUN(it_ends_where_the_next_begins);
    RUN(cut_anywhere_it_is_a_beginning);
    RUN(flipped_anywhere_it_is_noticed);
    RUN(a_group_may_be_torn_in_front);
    RUN(an_old_use_of_the_file_is_not_read);
    RUN(a_hole_to_the_end_ends_it);
    return check_result();
}
