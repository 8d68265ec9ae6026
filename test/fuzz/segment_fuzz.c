/* segment_fuzz.c - a file of the log, of any bytes, and one that the disk has
 * damaged.
 *
 *     input   [ 0 ][ body of a frame ]
 *             [ 1 ][ file ]
 *             [ 2 ][ frames ][ size, durable: 2 bytes ]... [ damage ]...
 *     damage  [ 0, 1 ][ where: 2 bytes ][ a byte ]       changed
 *             [ 2 ][ where: 2 bytes ]                    cut off
 *             [ 3 ][ where, size: 2 bytes ]              zeros
 *
 * What is read of a damaged file are frames that were written, as they were,
 * in their order; of a sound one all of them. A change that is read is written
 * the same.
 */
#include "fuzz.h"
#include "store/crc32c.h"
#include "store/segment.h"

enum { FILE_MAX = 1 << 16, FRAMES_MAX = 32, BODY_MAX = 512, FIRST = 100 };

struct log {
    uint8_t bytes[FILE_MAX];
    size_t size;
    uint64_t frames;
    uint8_t filled[FRAMES_MAX]; /* what the body of each is full of */
    size_t sizes[FRAMES_MAX];
    bool damaged;
};

static void check_changes(struct bytes body)
{
    size_t offset = 0;
    struct logframe_change change;
    while (offset < body.size) {
        size_t begin = offset;
        if (logframe_change_read(body, &offset, &change) != OK) return;
        PROMISE(offset > begin && offset <= body.size);
        struct store_change again = {
            .kind = change.kind, .key = change.key, .value = change.value};
        /* DEL and DROP have no value that counts. */
        bool put = store_has_value(change.kind);
        size_t size = logframe_change_size(&again);
        PROMISE(put ? size == offset - begin : size <= offset - begin);
        uint8_t *copy = malloc(size);
        PROMISE(copy != NULL);
        PROMISE(logframe_change_write(copy, &again) == copy + size);
        PROMISE(!put || memcmp(copy, body.data + begin, size) == 0);
        free(copy);
    }
}

static void check_file(struct bytes file)
{
    struct segment_scan scan;
    struct logframe_head head;
    struct bytes body;
    uint8_t *copy = fuzz_copy(file);
    enum err e = segment_begin(&scan, bytes_at(copy, file.size), UINT64_MAX);
    while (e == OK) {
        e = segment_next(&scan, &head, &body);
        if (e == OK) check_changes(body);
    }
    free(copy);
}

static void log_add(struct log *log, size_t size, uint64_t durable)
{
    uint8_t fill = (uint8_t)(log->frames * 37 + size);
    uint8_t *to = log->bytes + log->size;
    memset(to, 0, logframe_size(size));
    memset(to + LOGFRAME_HEAD_BYTES, fill, size);
    struct bytes body = bytes_at(to + LOGFRAME_HEAD_BYTES, size);
    struct logframe_head head = {.kind = LOGFRAME_BATCH,
                                 .size = (uint32_t)size,
                                 .sequence = FIRST + log->frames,
                                 .durable = FIRST + durable,
                                 .body_crc = crc32c(0, body)};
    logframe_head_write(to, &head, 77);
    log->filled[log->frames] = fill;
    log->sizes[log->frames] = size;
    log->size += logframe_size(size);
    log->frames += 1;
}

static void log_make(struct log *log, struct reader *in)
{
    struct segment_head head = {.number = 1, .sequence = FIRST, .salt = 77};
    segment_head_write(log->bytes, &head);
    log->size = SEGMENT_HEAD_BYTES;
    for (unsigned left = fuzz_below(in, FRAMES_MAX + 1); left > 0; left--) {
        size_t size = read_u16(in) % BODY_MAX;
        uint64_t durable = log->frames == 0 ? 0 : read_u16(in) % log->frames;
        log_add(log, size, durable);
    }
}

static void log_damage(struct log *log, struct reader *in)
{
    unsigned what = fuzz_below(in, 4);
    size_t at = read_u16(in) % log->size;
    uint8_t byte = what < 2 ? read_u8(in) : 0;
    size_t size = what == 3 ? read_u16(in) : 0;
    /* Its head is checked apart: without it nothing is read. */
    if (at < SEGMENT_HEAD_BYTES) at = SEGMENT_HEAD_BYTES;
    if (at >= log->size) return;
    log->damaged = true;
    if (what < 2) log->bytes[at] = byte;
    if (what == 2) log->size = at;
    if (size > log->size - at) size = log->size - at;
    memset(log->bytes + at, 0, size);
}

static void frame_check(const struct log *log, const struct logframe_head *head,
                        struct bytes body)
{
    PROMISE(head->sequence >= FIRST && head->sequence < FIRST + log->frames);
    uint64_t i = head->sequence - FIRST;
    PROMISE(body.size == log->sizes[i]);
    for (size_t k = 0; k < body.size; k++)
        PROMISE(body.data[k] == log->filled[i]);
}

static void log_check(const struct log *log)
{
    struct segment_scan scan;
    struct logframe_head head;
    struct bytes body;
    uint64_t next = FIRST, read = 0;
    uint8_t *copy = fuzz_copy(bytes_at(log->bytes, log->size));
    enum err e = segment_begin(&scan, bytes_at(copy, log->size), UINT64_MAX);
    PROMISE(e == OK);
    for (;;) {
        e = segment_next(&scan, &head, &body);
        /* The zeros behind a frame may be cut off. */
        PROMISE(scan.offset < log->size + LOGFRAME_ALIGN);
        if (e == ERR_MORE) break;
        if (e == OK) {
            frame_check(log, &head, body);
            PROMISE(head.sequence >= next);
            next = head.sequence + 1;
            read += 1;
            continue;
        }
        PROMISE(log->damaged);
        PROMISE(segment_skip(&scan) > 0);
    }
    PROMISE(log->damaged || read == log->frames);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > FILE_MAX / 2) return 0;
    struct bytes in = bytes_at(data + 1, size - 1);
    struct reader reader = reader_of(in);
    unsigned mode = data[0] % 3;
    if (mode == 0) {
        uint8_t *copy = fuzz_copy(in);
        check_changes(bytes_at(copy, in.size));
        free(copy);
    }
    if (mode == 1) check_file(in);
    if (mode < 2) return 0;
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL) abort();
    log_make(log, &reader);
    while (!reader.failed && reader_left(&reader) > 0)
        log_damage(log, &reader);
    log_check(log);
    free(log);
    return 0;
}
