/* descent.h - a match in a tree that pauses wherever it would wait for memory.
 *
 *     descent 1   [a] ..wait..      [a/b] ..wait..       [a/b/c]
 *     descent 2        [a] ..wait..       [a/+] ..wait..
 *     descent 3             [a] ..wait..
 *
 * As tree_match, for a few names side by side. It is given up where that would
 * take more room than it has, which is for few nodes of a level.
 */
#ifndef MOGI_CORE_DESCENT_H
#define MOGI_CORE_DESCENT_H

#include "core/tree.h"
#include "wire/topic.h"

enum {
    DESCENT_NODES_MAX = 4,

    /* So few children of the root are near, since all names go by them. */
    DESCENT_ROOTS_NEAR = 64
};

/* A child that is looked for. */
struct descent_edge {
    const struct tree_node *parent;
    struct map_seek seek;
    bool plus; /* it is "+", not the level's name */
};

struct descent {
    const struct tree *tree;
    struct topic_levels levels; /* still to go down */
    struct bytes level;         /* that of the edges */
    bool hidden;                /* wildcards do not match there */
    bool failed;                /* given up: what was visited is not all */
    struct tree_node *first;    /* child of the root by name, or NULL */
    uint8_t node_count, edge_count;
    struct tree_node *nodes[DESCENT_NODES_MAX];
    struct descent_edge edges[2 * DESCENT_NODES_MAX];
};

/* Begin to match `name` (borrowed, not empty, and not to be trusted), in the
 * order of tree_match; what matches at once is visited at once. `before` (or
 * NULL) is another in the tree, which has not changed: names that follow each
 * other mostly begin alike. */
void descent_begin(struct descent *descent, const struct tree *tree,
                   struct bytes name, const struct descent *before,
                   tree_visit *visit, void *context);

/* Go on; true when it is over, or has failed, and then each time. The tree
 * must not change from begin to end. */
bool descent_on(struct descent *descent, tree_visit *visit, void *context);

#endif
