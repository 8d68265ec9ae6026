/* segment.c - reading a file of the log, and telling an end from a hole. */
#include "store/segment.h"

#include "store/crc32c.h"

#include <assert.h>

enum err segment_begin(struct segment_scan *scan, struct bytes file,
                       uint64_t stop)
{
    *scan = (struct segment_scan){
        .file = file, .stop = stop, .last = stop == UINT64_MAX};
    enum err e = segment_head_read(file, &scan->head);
    if (e != OK) return e;
    scan->offset = SEGMENT_HEAD_BYTES;
    scan->next = scan->head.sequence;
    return OK;
}

/* The head of a frame at `offset`, if there is one whose body fits. */
static bool head_at(const struct segment_scan *scan, size_t offset,
                    struct logframe_head *head)
{
    if (offset > scan->file.size) return false;
    struct bytes rest = bytes_skip(scan->file, offset);
    if (logframe_head_read(rest, head, scan->head.salt) != OK) return false;
    return rest.size - LOGFRAME_HEAD_BYTES >= head->size;
}

static bool body_at(const struct segment_scan *scan, size_t offset,
                    const struct logframe_head *head, struct bytes *body)
{
    *body =
        bytes_at(scan->file.data + offset + LOGFRAME_HEAD_BYTES, head->size);
    return crc32c(0, *body) == head->body_crc;
}

/* Does a frame behind the bad one say that the bad one was on disk? */
static bool was_durable(struct segment_scan *scan)
{
    struct logframe_head head;
    scan->torn = head_at(scan, scan->offset, &head);
    size_t at = scan->offset + LOGFRAME_ALIGN;
    for (; at + LOGFRAME_HEAD_BYTES <= scan->file.size; at += LOGFRAME_ALIGN) {
        if (!head_at(scan, at, &head)) continue;
        scan->torn = true;
        if (head.durable > scan->next) return true;
    }
    return false;
}

enum err segment_next(struct segment_scan *scan, struct logframe_head *head,
                      struct bytes *body)
{
    assert(scan->offset % LOGFRAME_ALIGN == 0);
    if (scan->next == scan->stop) return ERR_MORE;
    if (scan->next > scan->stop) return ERR_MALFORMED;
    bool found = head_at(scan, scan->offset, head) &&
                 head->sequence == scan->next &&
                 body_at(scan, scan->offset, head, body);
    if (!found) {
        if (!scan->last || was_durable(scan)) return ERR_MALFORMED;
        return ERR_MORE;
    }
    scan->offset += logframe_size(head->size);
    scan->next += 1;
    return OK;
}

uint64_t segment_skip(struct segment_scan *scan)
{
    struct logframe_head head;
    struct bytes body;
    size_t at = scan->offset + LOGFRAME_ALIGN;
    for (; at + LOGFRAME_HEAD_BYTES <= scan->file.size; at += LOGFRAME_ALIGN) {
        if (!head_at(scan, at, &head)) continue;
        if (head.sequence < scan->next || head.sequence >= scan->stop) continue;
        if (!body_at(scan, at, &head, &body)) continue;
        uint64_t lost = head.sequence - scan->next;
        scan->offset = at;
        scan->next = head.sequence;
        return lost;
    }
    uint64_t lost =
        scan->last || scan->next > scan->stop ? 1 : scan->stop - scan->next;
    scan->stop = scan->next;
    return lost;
}
