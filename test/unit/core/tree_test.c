/* tree_test.c - nodes come and go; the walk finds what a plain match does. */
#include "core/tree.h"
#include "index.h"
#include "wire/topic.h"

/* `text` leads to `node` and ends as `end` says, and they lead to it. */
static void check_place(struct tree *tree, const char *text,
                        const struct tree_node *node, enum tree_end end)
{
    enum tree_end found = TREE_ENDS;
    CHECK(tree_find(tree, bytes_of(text), &found) == node);
    CHECK_EQ(found, end);
    struct bytes told = tree_text(tree, node, end);
    CHECK_BYTES(told.data, told.size, text, strlen(text));
}

static void nodes_live_while_they_carry(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    CHECK(tree_bare(&tree));
    enum tree_end end;
    CHECK(tree_find(&tree, bytes_of("a/b"), &end) == NULL);
    struct tree_node *ab = tree_make(&tree, bytes_of("a/b"), &end);
    CHECK_EQ(end, TREE_HERE);
    tree_ends(ab)->at[end].bits = 1;
    struct tree_node *a = tree_make(&tree, bytes_of("a/#"), &end);
    CHECK_EQ(end, TREE_REST);
    CHECK(a == ab->parent);
    CHECK_EQ(a->child_count, 1);
    tree_ends(a)->at[end].bits = 1;
    CHECK_EQ(tree_count(&tree), 2);
    CHECK_BYTES(tree_level(ab).data, tree_level(ab).size, "b", 1);
    check_place(&tree, "a", a, TREE_HERE);
    check_place(&tree, "a/+", a, TREE_PLUS);
    check_place(&tree, "a/#", a, TREE_REST);
    check_place(&tree, "a/b", ab, TREE_HERE);
    check_place(&tree, "a/b/+", ab, TREE_PLUS);
    check_place(&tree, "a/b/#", ab, TREE_REST);
    check_place(&tree, "+", tree.root, TREE_PLUS);
    check_place(&tree, "#", tree.root, TREE_REST);
    CHECK(tree_find(&tree, bytes_of("b/a"), &end) == NULL);

    tree_prune(&tree, ab);
    CHECK_EQ(tree_count(&tree), 2);
    tree_ends(ab)->at[TREE_HERE].bits = 0;
    tree_prune(&tree, ab);
    CHECK_EQ(tree_count(&tree), 1);
    tree_ends(a)->at[TREE_PLUS].bits = 1;
    tree_ends(a)->at[TREE_REST].bits = 0;
    tree_prune(&tree, a);
    CHECK_EQ(tree_count(&tree), 1);
    tree_ends(a)->at[TREE_PLUS].bits = 0;
    tree_prune(&tree, a);
    CHECK_EQ(tree_count(&tree), 0);
    CHECK(tree_bare(&tree));
    tree_ends(tree.root)->at[TREE_PLUS].bits = 1;
    CHECK(!tree_bare(&tree));
    tree_fini(&tree);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* A node knows whether "+" is among its children, however often it comes. It is
 * one only where it is not the last. */
static void plus_is_known(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    enum tree_end end;
    struct tree_node *named = tree_make(&tree, bytes_of("a/b"), &end);
    tree_ends(named)->at[TREE_HERE].bits = 1;
    CHECK(!named->parent->plus && !tree.root->plus);
    for (int i = 0; i < 2; i++) {
        struct tree_node *plus = tree_make(&tree, bytes_of("a/+/#"), &end);
        CHECK(plus->parent->plus && !tree.root->plus);
        CHECK_EQ(plus->parent->child_count, 2);
        tree_prune(&tree, plus);
        CHECK(!named->parent->plus);
        CHECK(tree_find(&tree, bytes_of("a/+/#"), &end) == NULL);
        CHECK(tree_make(&tree, bytes_of("a/+"), &end) == named->parent);
        CHECK(!named->parent->plus);
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
    uint64_t of[64];
    size_t visits;
};

static void count_hit(struct tree_node *node, enum tree_end end, void *context)
{
    struct hits *hits = context;
    hits->visits++;
    uint64_t bits = tree_ends(node)->at[end].bits;
    if (bits > 0) hits->of[bits - 1]++;
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
        enum tree_end end;
        struct tree_node *node = tree_make(&tree, text, &end);
        union tree_value *value = &tree_ends(node)->at[end];
        if (value->bits != 0) continue;
        value->bits = ++count;
    }
    for (int i = 0; i < 100; i++) {
        char name[TEXT_MAX];
        struct bytes topic = test_text(name, false);
        struct hits hits = {.visits = 0};
        tree_match(&tree, topic, count_hit, &hits);
        for (size_t f = 0; f < count; f++) {
            bool want = topic_matches(bytes_of(filters[f]), topic);
            CHECK_EQ(hits.of[f], want);
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
    enum tree_end end;
    struct tree_node *slashes = tree_make(&tree, topic, &end);
    tree_ends(slashes)->at[end].bits = 1;
    CHECK_EQ(tree_count(&tree), TOPIC_SIZE_MAX + 1);
    struct bytes filter = bytes_at(plus, sizeof plus);
    struct tree_node *pluses = tree_make(&tree, filter, &end);
    CHECK_EQ(end, TREE_PLUS);
    tree_ends(pluses)->at[end].bits = 2;
    hits = (struct hits){.visits = 0};
    tree_match(&tree, topic, count_hit, &hits);
    CHECK_EQ(hits.of[0], 1);
    CHECK_EQ(hits.of[1], 0);
    CHECK(hits.visits < 3 * TOPIC_SIZE_MAX);
    tree_ends(slashes)->at[TREE_HERE].bits = 0;
    tree_prune(&tree, slashes);
    CHECK_EQ(tree_count(&tree), TOPIC_SIZE_MAX / 2);
    tree_ends(pluses)->at[TREE_PLUS].bits = 0;
    tree_prune(&tree, pluses);
    CHECK_EQ(tree_count(&tree), 0);
    tree_fini(&tree);
    pool_free(pool);
}

static void count_node(struct tree_node *node, void *context)
{
    size_t *sum = context;
    *sum += tree_ends(node)->at[TREE_PLUS].bits;
}

static void each_sees_all(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    for (int i = 1; i <= 1000; i++) {
        char text[TEXT_MAX];
        snprintf(text, sizeof text, "%d/%d/+", i % 10, i);
        enum tree_end end;
        struct tree_node *node = tree_make(&tree, bytes_of(text), &end);
        tree_ends(node)->at[end].bits = (uint64_t)i;
    }
    size_t sum = 0;
    tree_each(&tree, count_node, &sum);
    CHECK_EQ(sum, 500500);
    CHECK_EQ(tree_count(&tree), 1010);
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
