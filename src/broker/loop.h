/* loop.h - the end of an event loop. */
#ifndef MOGI_BROKER_LOOP_H
#define MOGI_BROKER_LOOP_H

#include <uv.h>

/* Close every handle of `loop` that is open, see their callbacks through, and
 * close the loop. Nothing of it may start anything new meanwhile. */
void loop_fini(uv_loop_t *loop);

#endif
