/* post.c - the little that a post can do by itself. */
#include "core/post.h"

#include "core/message.h"

#include <assert.h>
#include <stddef.h>

void post_drop(struct post *post)
{
    assert(post != NULL);
    body_unref(post->body);
    body_unref(post->group);
    post->body = NULL;
    post->group = NULL;
}
