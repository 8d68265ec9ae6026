/* lookout.h - notices, on the main thread, that files of TLS have changed, and
 * that a day has passed.
 *
 * The files are looked at every LOOKOUT_MS, by name: so it does not matter how
 * they are replaced, or on what kind of disk they are. A change counts when
 * they have stayed the same from one look to the next: whoever writes a
 * certificate and then its key is given time for both.
 */
#ifndef MOGI_BROKER_LOOKOUT_H
#define MOGI_BROKER_LOOKOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { LOOKOUT_MS = 1000, LOOKOUT_DAY_MS = 24 * 3600 * 1000 };

struct lookout;

/* Set by the user before lookout_start. */
struct lookout {
    /* A number that changes with the files. */
    uint64_t (*stamp)(void *user);

    /* They have changed, or a day has passed. */
    void (*changed)(void *user);
    void (*day)(void *user);
    void *user;

    uint64_t known; /* stamp of what is in use */
    uint64_t seen;  /* stamp of the last look */
    uv_timer_t look;
    uv_timer_t days;
};

/* Begin, in `loop`. */
void lookout_start(struct lookout *lookout, uv_loop_t *loop);

/* The files are taken into use as they are now: before they are read, so that
 * what is changed meanwhile is noticed. */
void lookout_settle(struct lookout *lookout);

#endif
