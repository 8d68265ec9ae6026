/* tree_test.c - nodes come and go; the walk finds what a plain match does. */
#include "core/tree.h"
#include "index.h"
#include "wire/topic.h"

static void nodes_live_while_they_carry(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    bool rest;
    CHECK(tree_find(&tree, bytes_of("a/b"), &rest) == NULL);
    struct tree_node *ab = tree_make(&tree, bytes_of("a/b"), &rest);
    CHECK(!rest);
    tree_ends(ab)->here.bits = 1;
    struct tree_node *a = tree_make(&tree, bytes_of("a/#"), &rest);
    CHECK(rest);
    CHECK(a == ab->parent);
    CHECK_EQ(a->child_count, 1);
    tree_ends(a)->rest.bits = 1;
    CHECK_EQ(tree_count(&tree), 2);
    CHECK_BYTES(tree_level(ab).data, tree_level(ab).size, "b", 1);
    CHECK(tree_find(&tree, bytes_of("a/b"), &rest) == ab && !rest);
    CHECK(tree_find(&tree, bytes_of("a/b/#"), &rest) == ab && rest);
    CHECK(tree_find(&tree, bytes_of("b/a"), &rest) == NULL);
    CHECK(tree_find(&tree, bytes_of("a"), &rest) == a && !rest);
    CHECK(tree_find(&tree, bytes_of("#"), &rest) == tree.root && rest);
    static const char *const texts[] = {"a", "a/#", "a/b", "a/b/#"};
    for (int i = 0; i < 4; i++) {
        struct bytes text = tree_text(&tree, i < 2 ? a : ab, i % 2);
        CHECK_BYTES(text.data, text.size, texts[i], strlen(texts[i]));
    }
    struct bytes all = tree_text(&tree, tree.root, true);
    CHECK_BYTES(all.data, all.size, "#", 1);

    tree_prune(&tree, ab);
    CHECK_EQ(tree_count(&tree), 2);
    tree_ends(ab)->here.bits = 0;
    tree_prune(&tree, ab);
    CHECK_EQ(tree_count(&tree), 1);
    tree_ends(a)->rest.bits = 0;
    tree_prune(&tree, a);
    CHECK_EQ(tree_count(&tree), 0);
    CHECK_EQ(tree.root->child_count, 0);
    tree_fini(&tree);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* A node knows whether "+" is among its children, however often it comes. */
static void plus_is_known(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    bool rest;
    struct tree_node *named = tree_make(&tree, bytes_of("a/b"), &rest);
    tree_ends(named)->here.bits = 1;
    CHECK(!named->parent->plus && !tree.root->plus);
    for (int i = 0; i < 2; i++) {
        struct tree_node *plus = tree_make(&tree, bytes_of("a/+"), &rest);
        CHECK(plus->parent->plus && !tree.root->plus);
        CHECK_EQ(plus->parent->child_count, 2);
        tree_prune(&tree, plus);
        CHECK(!named->parent->plus);
        CHECK(tree_find(&tree, bytes_of("a/+"), &rest) == NULL);
    }
    tree_fini(&tree);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void siblings_are_linked(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_NAMES);
    struct tree_node *nodes[3];
    static const char *const names[] = {"t/x", "t/", "t/$z"};
    for (int i = 0; i < 3; i++) {
        nodes[i] = tree_make(&tree, bytes_of(names[i]), NULL);
        tree_links(nodes[i])->here = &tree;
    }
    CHECK(!tree_hidden(nodes[0]) && !tree_hidden(nodes[1]));
    CHECK(tree_hidden(nodes[2]));
    struct tree_node *t = nodes[0]->parent;
    CHECK_EQ(t->child_count, 3);
    CHECK(tree_links(t)->first == nodes[2]);
    CHECK(tree_links(nodes[2])->next == nodes[1]);
    CHECK(tree_links(nodes[1])->prev == nodes[2]);
    static const int order[] = {1, 2, 0};
    for (int i = 0; i < 3; i++) {
        struct tree_node *gone = nodes[order[i]];
        tree_links(gone)->here = NULL;
        tree_prune(&tree, gone);
        if (i == 0) CHECK(tree_links(nodes[2])->next == nodes[0]);
        if (i == 1) CHECK(tree_links(t)->first == nodes[0]);
    }
    CHECK_EQ(tree_count(&tree), 0);
    CHECK(tree_links(tree.root)->first == NULL);
    tree_fini(&tree);
    pool_free(pool);
}

/* The hash of a whole name is that of its node; of other names it is another,
 * also where the same levels stand in another order. */
static void names_have_a_hash(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_NAMES);
    static const char *const names[] = {"a", "/", "a/b", "b/a", "a/b/", "/a/b"};
    enum { COUNT = sizeof names / sizeof names[0] };
    uint64_t hashes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        hashes[i] = tree_name_hash(&tree, bytes_of(names[i]));
        struct tree_node *node = tree_make(&tree, bytes_of(names[i]), NULL);
        CHECK(node->entry.hash == hashes[i]);
        for (int k = 0; k < i; k++)
            CHECK(hashes[k] != hashes[i]);
    }
    tree_fini(&tree);
    pool_free(pool);
}

struct hits {
    uint64_t here[64];
    uint64_t rest[64];
    size_t visits;
};

static void count_hit(struct tree_node *node, bool rest, void *context)
{
    struct hits *hits = context;
    hits->visits++;
    uint64_t bits =
        rest ? tree_ends(node)->rest.bits : tree_ends(node)->here.bits;
    if (bits == 0) return;
    if (rest) {
        hits->rest[bits - 1]++;
    } else {
        hits->here[bits - 1]++;
    }
}

/* A tree with up to 64 random filters; each is found exactly when it should,
 * and never twice. */
static void random_round(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    char filters[64][TEXT_MAX];
    size_t count = 0;
    for (int i = 0; i < 64; i++) {
        struct bytes text = test_text(filters[count], true);
        bool rest;
        struct tree_node *node = tree_make(&tree, text, &rest);
        struct tree_ends *ends = tree_ends(node);
        union tree_value *end = rest ? &ends->rest : &ends->here;
        if (end->bits != 0) continue;
        end->bits = ++count;
    }
    for (int i = 0; i < 100; i++) {
        char name[TEXT_MAX];
        struct bytes topic = test_text(name, false);
        struct hits hits = {.visits = 0};
        tree_match(&tree, topic, count_hit, &hits);
        for (size_t f = 0; f < count; f++) {
            bool want = topic_matches(bytes_of(filters[f]), topic);
            CHECK_EQ(hits.here[f] + hits.rest[f], want);
        }
    }
    tree_fini(&tree);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void match_is_as_plain(void)
{
    for (int i = 0; i < 100; i++)
        random_round();
}

/* 65,535 bytes of nothing but slashes, against filters as deep. */
static void depth_is_no_danger(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    static char name[TOPIC_SIZE_MAX], plus[TOPIC_SIZE_MAX];
    memset(name, '/', sizeof name);
    for (size_t i = 0; i < sizeof plus; i++)
        plus[i] = i % 2 ? '/' : '+';
    struct bytes topic = bytes_at(name, sizeof name);
    struct hits hits = {.visits = 0};
    tree_match(&tree, topic, count_hit, &hits);
    CHECK_EQ(hits.visits, 1);
    bool rest;
    struct tree_node *slashes = tree_make(&tree, topic, &rest);
    tree_ends(slashes)->here.bits = 1;
    CHECK_EQ(tree_count(&tree), TOPIC_SIZE_MAX + 1);
    struct bytes filter = bytes_at(plus, sizeof plus);
    struct tree_node *pluses = tree_make(&tree, filter, &rest);
    tree_ends(pluses)->here.bits = 2;
    hits = (struct hits){.visits = 0};
    tree_match(&tree, topic, count_hit, &hits);
    CHECK_EQ(hits.here[0], 1);
    CHECK_EQ(hits.here[1], 0);
    CHECK(hits.visits < 3 * TOPIC_SIZE_MAX);
    tree_ends(slashes)->here.bits = 0;
    tree_prune(&tree, slashes);
    CHECK_EQ(tree_count(&tree), TOPIC_SIZE_MAX / 2 + 1);
    tree_ends(pluses)->here.bits = 0;
    tree_prune(&tree, pluses);
    CHECK_EQ(tree_count(&tree), 0);
    tree_fini(&tree);
    pool_free(pool);
}

static void count_node(struct tree_node *node, void *context)
{
    size_t *sum = context;
    *sum += tree_ends(node)->here.bits;
}

static void each_sees_all(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    for (int i = 1; i <= 1000; i++) {
        char text[TEXT_MAX];
        snprintf(text, sizeof text, "%d/%d/+", i % 10, i);
        bool rest;
        struct tree_node *node = tree_make(&tree, bytes_of(text), &rest);
        tree_ends(node)->here.bits = (uint64_t)i;
    }
    size_t sum = 0;
    tree_each(&tree, count_node, &sum);
    CHECK_EQ(sum, 500500);
    CHECK_EQ(tree_count(&tree), 2010);
    tree_fini(&tree);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

int main(void)
{
    RUN(nodes_live_while_they_carry);
    RUN(plus_is_known);
    RUN(siblings_are_linked);
    RUN(names_have_a_hash);
    RUN(match_is_as_plain);
    RUN(depth_is_no_danger);
    RUN(each_sees_all);
    return check_result();
}
