/* tree.h - topic levels as a tree, for the three indices of a shard.
 *
 *     a/+   a/+/#   a/+/c     root --a--> [a] --+--> [+] --c--> [c]
 *                                        plus^    rest^       here^
 *
 * An edge is found through one hash for the whole tree, keyed by parent and
 * level: a node needs no table of its own, and a million children cost no more
 * than one. What a node carries lies in front of it, and differs by kind:
 *
 *     TREE_OF_FILTERS  [ here | plus | rest ][ node | level ]
 *     TREE_OF_NAMES    [ here | first | next | prev ][ node | level ]
 *
 * `here` is what ends at this node, `plus` and `rest` what goes on with a final
 * "+" or "#": these have no node of their own, so that what matches a topic is
 * found with its level before the last. A node lives while it carries something
 * or has children. Owned by its index, all memory from the index's pool.
 */
#ifndef MOGI_CORE_TREE_H
#define MOGI_CORE_TREE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/pool.h"

enum tree_kind { TREE_OF_FILTERS, TREE_OF_NAMES };

/* Zero is nothing. */
union tree_value {
    void *pointer;
    uint64_t bits;
};

/* How a filter ends that leads to a node. */
enum tree_end {
    TREE_HERE, /* right there */
    TREE_PLUS, /* with one more level, "+" */
    TREE_REST, /* with "#" */
    TREE_ENDS
};

/* In front of a node of filters. */
struct tree_ends {
    union tree_value at[TREE_ENDS];
};

/* In front of a node of names. */
struct tree_links {
    void *here;
    struct tree_node *first; /* child, the newest */
    struct tree_node *next;  /* sibling */
    struct tree_node *prev;
};

struct tree_node {
    struct map_entry entry;
    struct tree_node *parent; /* NULL: the root */
    uint32_t child_count;
    uint16_t size; /* of the level, in bytes */
    bool plus;     /* one of the children is "+", as of "+/a" */
    uint8_t level[];
};

struct tree {
    struct pool *pool;
    struct hash_key key;
    enum tree_kind kind;
    struct tree_node *root;      /* stands for no level at all; always there */
    struct map nodes;            /* all but the root */
    struct tree_node **frontier; /* two rows of `frontier_max`, while walking */
    size_t frontier_max;
    uint64_t plus_hash;
    struct buffer text; /* the last that tree_text made */
};

/* What a node of filters has; it stands right before it. */
static inline struct tree_ends *tree_ends(struct tree_node *node)
{
    return (struct tree_ends *)(void *)node - 1;
}

/* What a node of names has; it stands right before it. */
static inline struct tree_links *tree_links(struct tree_node *node)
{
    return (struct tree_links *)(void *)node - 1;
}

/* The level that the node stands for, without slashes; the node's memory. */
static inline struct bytes tree_level(const struct tree_node *node)
{
    return (struct bytes){node->level, node->size};
}

/* Does the level begin with "$"? At the first level such names are hidden
 * from wildcards. [MQTT-4.7.2-1] */
static inline bool tree_hidden(const struct tree_node *node)
{
    return node->size > 0 && node->level[0] == '$';
}

/* An empty tree in the caller's memory; `key` seeds its hash. */
void tree_init(struct tree *tree, struct pool *pool, struct hash_key key,
               enum tree_kind kind);

/* Give all nodes back, whatever they carry. */
void tree_fini(struct tree *tree);

/* The hash of one level, for tree_child. */
uint64_t tree_hash(const struct tree *tree, struct bytes level);

/* The child of `parent` by `level`, whose tree_hash is `hash`, or NULL. */
struct tree_node *tree_child(const struct tree *tree,
                             const struct tree_node *parent, struct bytes level,
                             uint64_t hash);

/* Has `node` other children than "+"? */
static inline bool tree_has_named(const struct tree_node *node)
{
    return node->child_count > node->plus;
}

/* Begin the search of tree_child, which pauses; what it finds is a child only
 * if tree_is_child says so. `parent` has children. */
struct map_seek tree_child_seek(const struct tree *tree,
                                const struct tree_node *parent, uint64_t hash);

/* The node that was found, or NULL. */
struct tree_node *tree_sought(const struct map_seek *seek);

/* Is `node` the child of `parent` by `level`? */
bool tree_is_child(const struct tree_node *node, const struct tree_node *parent,
                   struct bytes level);

/* The node of `text`, or NULL. Of a filter `*end` says how it goes on from
 * there; for a name `end` is NULL, and `+` is a level like others. */
struct tree_node *tree_find(const struct tree *tree, struct bytes text,
                            enum tree_end *end);

/* The hash that the node of `name`, where `+` and `#` are levels like others,
 * has in `nodes`. Who can tell a node by what it carries finds it there without
 * a look at those above it. */
uint64_t tree_name_hash(const struct tree *tree, struct bytes name);

/* As tree_find, and makes what is missing. The caller then gives it something
 * to carry, or calls tree_prune. */
struct tree_node *tree_make(struct tree *tree, struct bytes text,
                            enum tree_end *end);

/* The text that leads to `node` and ends as `end` says. Valid until the next
 * call. */
struct bytes tree_text(struct tree *tree, const struct tree_node *node,
                       enum tree_end end);

/* Free `node` and what is above it, as far as it carries nothing and has no
 * children. */
void tree_prune(struct tree *tree, struct tree_node *node);

/* Told of a node where what stands at `end` matches. Must not change the tree.
 */
typedef void tree_visit(struct tree_node *node, enum tree_end end,
                        void *context);

/* Does no topic match anything but "#"? */
static inline bool tree_bare(const struct tree *tree)
{
    return tree->root->child_count == 0 &&
           tree_ends(tree->root)->at[TREE_PLUS].bits == 0;
}

/* Visit what matches the valid topic `name`, in a tree of filters. Nodes that
 * carry nothing are visited too. Level by level: time is linear in the size of
 * `name` and the number of nodes that match its beginnings. A leading wildcard
 * does not match a name that begins with "$". [MQTT-4.7.2-1] */
void tree_match(struct tree *tree, struct bytes name, tree_visit *visit,
                void *context);

/* Call `visit` for all nodes but the root, in no order. It must not change the
 * tree, other than what nodes carry. */
void tree_each(struct tree *tree,
               void (*visit)(struct tree_node *node, void *context),
               void *context);

/* How many nodes there are, without the root. */
size_t tree_count(const struct tree *tree);

#endif
