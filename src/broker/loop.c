/* loop.c - see loop.h. */
#include "broker/loop.h"

#include <assert.h>

static void handle_close(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void loop_fini(uv_loop_t *loop)
{
    uv_walk(loop, handle_close, NULL);
    (void)uv_run(loop, UV_RUN_DEFAULT);
    int error = uv_loop_close(loop);
    assert(error == 0);
}
