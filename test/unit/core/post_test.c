/* post_test.c - a dropped post leaves no references behind. */
#include "check.h"
#include "core/message.h"
#include "core/post.h"
#include "unit_pool.h"

static void drop_gives_references_back(void)
{
    struct pool *pool = unit_pool();
    size_t before = pool_bytes(pool);
    struct post post = {.kind = POST_SHARED};
    post.body = body_of_text(pool, bytes_of("message"));
    post.group = body_of_text(pool, bytes_of("group"));
    CHECK(pool_bytes(pool) > before);
    post_drop(&post);
    CHECK(post.body == NULL);
    CHECK(post.group == NULL);
    CHECK_EQ(pool_bytes(pool), before);
    post_drop(&post);
    CHECK_EQ(pool_bytes(pool), before);
    pool_free(pool);
}

int main(void)
{
    RUN(drop_gives_references_back);
    return check_result();
}
