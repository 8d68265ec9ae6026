/* descent.c - a match in a tree that pauses wherever it would wait for memory.
 */
#include "core/descent.h"

#include "base/fetch.h"

#include <assert.h>

/* The bytes of a node, and of what is in front of it, that a match looks at:
 * longer levels lie behind. */
enum { FRONT_BYTES = sizeof(struct tree_ends), NODE_BYTES = 40 };

static void edge_add(struct descent *descent, const struct tree_node *parent,
                     uint64_t hash, bool plus)
{
    assert(descent->edge_count < 2 * DESCENT_NODES_MAX);
    struct descent_edge *edge = &descent->edges[descent->edge_count++];
    edge->parent = parent;
    edge->seek = tree_child_seek(descent->tree, parent, hash);
    edge->plus = plus;
}

/* Look for the children of all nodes by the next level. */
static void edges_begin(struct descent *descent)
{
    const struct tree *tree = descent->tree;
    bool hashed = false;
    uint64_t hash = 0;
    for (size_t i = 0; i < descent->node_count; i++) {
        const struct tree_node *node = descent->nodes[i];
        if (tree_has_named(node)) {
            if (!hashed) hash = tree_hash(tree, descent->level);
            hashed = true;
            edge_add(descent, node, hash, false);
        }
        if (descent->hidden || !node->plus) continue;
        edge_add(descent, node, tree->plus_hash, true);
    }
    descent->node_count = 0;
    descent->hidden = false;
}

/* Go on with all searches; true when they are over. */
static bool edges_on(struct descent *descent)
{
    bool over = true;
    for (size_t i = 0; i < descent->edge_count; i++) {
        struct map_seek *seek = &descent->edges[i].seek;
        const struct map_entry *before = seek->entry;
        over &= map_seek_on(seek);
        if (seek->entry == NULL || seek->entry == before) continue;
        fetch_block((const uint8_t *)seek->entry - FRONT_BYTES,
                    FRONT_BYTES + NODE_BYTES);
    }
    return over;
}

/* What the searches have found are the nodes of now. */
static void edges_end(struct descent *descent)
{
    for (size_t i = 0; i < descent->edge_count; i++) {
        const struct descent_edge *edge = &descent->edges[i];
        struct tree_node *node = tree_sought(&edge->seek);
        if (node == NULL) continue;
        struct bytes level = edge->plus ? bytes_of("+") : descent->level;
        /* Another of the same hash is too rare to go on looking. */
        if (!tree_is_child(node, edge->parent, level) ||
            descent->node_count == DESCENT_NODES_MAX) {
            descent->failed = true;
            return;
        }
        descent->nodes[descent->node_count++] = node;
    }
    descent->edge_count = 0;
}

static void visit_all(struct descent *descent, enum tree_end end,
                      tree_visit *visit, void *context)
{
    for (size_t i = 0; i < descent->node_count; i++)
        visit(descent->nodes[i], end, context);
}

/* From the nodes of now towards the next level; true when it is over. */
static bool level_begin(struct descent *descent, tree_visit *visit,
                        void *context)
{
    if (descent->node_count == 0) return true;
    if (topic_level_next(&descent->levels, &descent->level)) {
        if (descent->levels.done && !descent->hidden)
            visit_all(descent, TREE_PLUS, visit, context);
        edges_begin(descent);
        return descent->edge_count == 0;
    }
    visit_all(descent, TREE_HERE, visit, context);
    descent->node_count = 0;
    return true;
}

/* The child of the root by the level's name, or NULL. */
static struct tree_node *root_child(const struct descent *descent,
                                    const struct descent *before)
{
    const struct tree *tree = descent->tree;
    struct bytes level = descent->level;
    if (before != NULL && before->first != NULL &&
        bytes_equal(tree_level(before->first), level)) {
        return before->first;
    }
    if (!tree_has_named(tree->root)) return NULL;
    return tree_child(tree, tree->root, level, tree_hash(tree, level));
}

/* The first level, without a pause: of a few nodes that all names go by. */
static void roots_near(struct descent *descent, const struct descent *before,
                       tree_visit *visit, void *context)
{
    const struct tree *tree = descent->tree;
    const struct tree_node *root = tree->root;
    bool more = topic_level_next(&descent->levels, &descent->level);
    assert(more && descent->node_count == 0);
    if (descent->levels.done && !descent->hidden)
        visit(tree->root, TREE_PLUS, context);
    descent->first = root_child(descent, before);
    if (descent->first != NULL)
        descent->nodes[descent->node_count++] = descent->first;
    if (root->plus && !descent->hidden) {
        struct tree_node *node =
            tree_child(tree, root, bytes_of("+"), tree->plus_hash);
        assert(node != NULL);
        descent->nodes[descent->node_count++] = node;
    }
    descent->hidden = false;
    visit_all(descent, TREE_REST, visit, context);
    (void)level_begin(descent, visit, context);
}

void descent_begin(struct descent *descent, const struct tree *tree,
                   struct bytes name, const struct descent *before,
                   tree_visit *visit, void *context)
{
    assert(tree->kind == TREE_OF_FILTERS);
    assert(name.size > 0);
    descent->tree = tree;
    descent->levels = topic_levels_of(name);
    descent->hidden = name.data[0] == '$';
    descent->failed = false;
    descent->first = NULL;
    descent->node_count = descent->edge_count = 0;
    if (!descent->hidden) visit(tree->root, TREE_REST, context);
    if (tree_bare(tree)) return;
    if (tree->root->child_count <= DESCENT_ROOTS_NEAR) {
        roots_near(descent, before, visit, context);
    } else {
        descent->nodes[descent->node_count++] = tree->root;
        (void)level_begin(descent, visit, context);
    }
}

bool descent_on(struct descent *descent, tree_visit *visit, void *context)
{
    if (descent->failed || descent->edge_count == 0) return true;
    if (!edges_on(descent)) return false;
    edges_end(descent);
    if (descent->failed) return true;
    visit_all(descent, TREE_REST, visit, context);
    return level_begin(descent, visit, context);
}
