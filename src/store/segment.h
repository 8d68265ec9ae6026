/* segment.h - reading a file of the log, and telling an end from a hole.
 *
 *     [ head | 7 | 8 | 9 | 10 torn                     the end of the log
 *     [ head | 7 | 8 | ?? | 10, 9 is on disk | ...     broken: 9 is lost
 *
 * Each frame says which frames were on disk before it was written. So a frame
 * that cannot be read was never promised to anybody, unless a later one, or a
 * later segment, says that it was on disk: then the disk has lost it.
 */
#ifndef MOGI_STORE_SEGMENT_H
#define MOGI_STORE_SEGMENT_H

#include "store/logframe.h"

/* A reading of a segment, frame by frame. */
struct segment_scan {
    struct bytes file;
    struct segment_head head;
    size_t offset; /* of the next frame; once that failed, of the bad one */
    uint64_t next; /* the sequence that it must have */
    uint64_t stop; /* the sequence that is in another segment */
    bool last;     /* no segment follows */
    bool torn;     /* at the end: a frame was begun, and cut off */
};

/* Begin to read `file`. The first sequence of the segment behind it is `stop`;
 * UINT64_MAX: there is none. ERR_MALFORMED, ERR_VERSION: see
 * segment_head_read. */
MUST_USE
enum err segment_begin(struct segment_scan *scan, struct bytes file,
                       uint64_t stop);

/* The next frame and its body. ERR_MORE: that was the last, scan->offset is
 * where they end. ERR_MALFORMED: the frame at scan->offset is lost. */
MUST_USE
enum err segment_next(struct segment_scan *scan, struct logframe_head *head,
                      struct bytes *body);

/* After ERR_MALFORMED: go on behind the hole. Returns how many frames are lost
 * in it; none is left when the hole goes to the end. */
uint64_t segment_skip(struct segment_scan *scan);

#endif
