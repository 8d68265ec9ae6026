/* story.h - a life, told as a play.
 *
 * A life tells what its clients do, in the language of plays, and, when a
 * promise was broken, what the broker should have done: the claim. Written
 * down, that is a play which fails where the life did. Its memory is shared
 * with processes that are forked later, so that a life which ends with the
 * process is told up to there.
 */
#ifndef MOGI_SIM_STORY_H
#define MOGI_SIM_STORY_H

#include "sim/words.h"

enum { STORY_BYTES_MAX = 8 * 1024 * 1024, CLAIM_BYTES_MAX = 8192 };

struct story {
    bool exact;                  /* tell of luck, turns and reading too */
    uint64_t wait_ms;            /* that passed since the last line */
    size_t size;                 /* of its lines, */
    bool full;                   /* which were too many */
    char claim[CLAIM_BYTES_MAX]; /* lines; "": none yet */
    char text[STORY_BYTES_MAX];
};

/* Nothing is told. Never NULL. Freed with story_free. */
struct story *story_new(bool exact);
void story_free(struct story *story);

/* Tell one line. `story` may be NULL here and below: then nobody listens. */
void story_tell(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line, if it is to be exact. */
void story_detail(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Time passed. */
void story_wait(struct story *story, uint64_t ms);

/* `who` says `packet`; with `expects` it should have received it. */
void story_packet(struct story *story, const char *who, bool expects,
                  const struct words *packet);

/* What should be true by now, in lines of a play; the first claim stays. */
void story_claim(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
