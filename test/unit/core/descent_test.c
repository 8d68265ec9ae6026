/* descent_test.c - a match that pauses visits what one does that waits. */
#include "core/descent.h"
#include "index.h"

enum { VISITS_MAX = 64, SIDES = 8 };

/* What was visited, in order. */
struct trail {
    size_t count;
    struct {
        const struct tree_node *node;
        enum tree_end end;
    } visits[VISITS_MAX];
};

static void note(struct tree_node *node, enum tree_end end, void *context)
{
    struct trail *trail = context;
    REQUIRE(trail->count < VISITS_MAX);
    trail->visits[trail->count].node = node;
    trail->visits[trail->count++].end = end;
}

static bool same(const struct trail *a, const struct trail *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->visits[i].node != b->visits[i].node) return false;
        if (a->visits[i].end != b->visits[i].end) return false;
    }
    return true;
}

/* A few names side by side; how many were given up. */
static size_t side_by_side(struct tree *tree)
{
    char texts[SIDES][TEXT_MAX];
    struct bytes names[SIDES];
    struct descent descents[SIDES];
    struct trail trails[SIDES] = {{0}};
    bool over[SIDES] = {false};
    for (int i = 0; i < SIDES; i++) {
        names[i] = test_text(texts[i], false);
        const struct descent *before = i == 0 ? NULL : &descents[i - 1];
        descent_begin(&descents[i], tree, names[i], before, note, &trails[i]);
    }
    for (bool busy = true; busy;) {
        busy = false;
        for (int i = 0; i < SIDES; i++) {
            if (over[i] || test_random(3) == 0) {
                busy |= !over[i];
                continue;
            }
            over[i] = descent_on(&descents[i], note, &trails[i]);
            busy |= !over[i];
        }
    }
    size_t failed = 0;
    for (int i = 0; i < SIDES; i++) {
        CHECK(descent_on(&descents[i], note, &trails[i]));
        failed += descents[i].failed;
        if (descents[i].failed) continue;
        struct trail want = {0};
        tree_match(tree, names[i], note, &want);
        CHECK(same(&trails[i], &want));
    }
    return failed;
}

static struct tree_node *tree_add(struct tree *tree, struct bytes text)
{
    enum tree_end end;
    struct tree_node *node = tree_make(tree, text, &end);
    tree_ends(node)->at[end].bits = 1;
    return node;
}

static void match_is_as_tree_match(void)
{
    size_t failed = 0, all = 0;
    for (int round = 0; round < 200; round++) {
        struct pool *pool = unit_pool();
        struct tree tree;
        tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
        char text[TEXT_MAX];
        /* With many nodes of the first level they are not taken for near. */
        for (int i = 0; i < (round % 2) * 2 * DESCENT_ROOTS_NEAR; i++) {
            snprintf(text, sizeof text, "root-%d", i);
            tree_add(&tree, bytes_of(text));
        }
        for (uint32_t i = test_random(40); i > 0; i--)
            tree_add(&tree, test_text(text, true));
        for (int i = 0; i < 20; i++) {
            failed += side_by_side(&tree);
            all += SIDES;
        }
        tree_fini(&tree);
        CHECK_EQ(pool_bytes(pool), 0);
        pool_free(pool);
    }
    CHECK(failed > 0 && failed < all / 4);
}

/* Visits of a tree with one filter; what is no name does no harm. */
static void names_are_found(void)
{
    struct pool *pool = unit_pool();
    struct tree tree;
    tree_init(&tree, pool, test_key, TREE_OF_FILTERS);
    struct tree_node *made = tree_add(&tree, bytes_of("a/b"));
    static const struct {
        const char *name;
        size_t visits;
    } cases[] = {{"a/b", 5}, {"a/c", 3},  {"$", 0},   {"+/b", 1},
                 {"#", 2},   {"\377", 2}, {"a/b/", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct descent descent;
        struct trail trail = {0};
        struct bytes name = bytes_of(cases[i].name);
        descent_begin(&descent, &tree, name, NULL, note, &trail);
        while (!descent_on(&descent, note, &trail)) {
        }
        CHECK(!descent.failed);
        CHECK_EQ(trail.count, cases[i].visits);
        if (i > 0) continue;
        CHECK(trail.visits[4].node == made);
        CHECK_EQ(trail.visits[4].end, TREE_HERE);
    }
    tree_fini(&tree);
    pool_free(pool);
}

int main(void)
{
    RUN(match_is_as_tree_match);
    RUN(names_are_found);
    return check_result();
}
