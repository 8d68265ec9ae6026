/* tree.c - nodes of topic levels in one hash. */
#include "core/tree.h"

#include "base/list.h"
#include "wire/topic.h"

#include <assert.h>

enum { FRONTIER_MIN = 32 };

/* A child that is looked for. */
struct edge {
    const struct tree_node *parent;
    struct bytes level;
};

/* The bytes in front of a node. */
static size_t front_size(const struct tree *tree)
{
    return tree->kind == TREE_OF_FILTERS ? sizeof(struct tree_ends)
                                         : sizeof(struct tree_links);
}

/* The bytes of a node with a level of `size` bytes, those in front included. */
static size_t block_size(const struct tree *tree, size_t size)
{
    size_t node = offsetof(struct tree_node, level) + size;
    if (node < sizeof(struct tree_node)) node = sizeof(struct tree_node);
    return front_size(tree) + node;
}

/* A node that is nowhere yet. */
static struct tree_node *node_new(struct tree *tree, struct tree_node *parent,
                                  struct bytes level)
{
    assert(level.size <= UINT16_MAX);
    uint8_t *block = pool_take(tree->pool, block_size(tree, level.size));
    struct tree_node *node = (void *)(block + front_size(tree));
    node->parent = parent;
    node->size = (uint16_t)level.size;
    if (level.size > 0) memcpy(node->level, level.data, level.size);
    return node;
}

static void node_free(struct tree *tree, struct tree_node *node)
{
    pool_give(tree->pool, (uint8_t *)node - front_size(tree),
              block_size(tree, node->size));
}

void tree_init(struct tree *tree, struct pool *pool, struct hash_key key,
               enum tree_kind kind)
{
    assert(pool != NULL);
    assert(kind == TREE_OF_FILTERS || kind == TREE_OF_NAMES);
    *tree = (struct tree){.pool = pool, .key = key, .kind = kind};
    map_init(&tree->nodes, pool);
    buffer_init(&tree->text, pool);
    tree->root = node_new(tree, NULL, (struct bytes){NULL, 0});
    tree->plus_hash = tree_hash(tree, bytes_of("+"));
}

static void free_entry(struct map_entry *entry, void *context)
{
    struct tree *tree = context;
    map_remove(&tree->nodes, entry);
    node_free(tree, OWNER(entry, struct tree_node, entry));
}

void tree_fini(struct tree *tree)
{
    size_t cursor = 0;
    while (map_walk(&tree->nodes, &cursor, SIZE_MAX, free_entry, tree)) {
    }
    assert(tree->nodes.count == 0);
    map_fini(&tree->nodes);
    buffer_fini(&tree->text);
    node_free(tree, tree->root);
    pool_give(tree->pool, tree->frontier,
              2 * tree->frontier_max * sizeof *tree->frontier);
    tree->root = NULL;
    tree->frontier = NULL;
    tree->frontier_max = 0;
}

uint64_t tree_hash(const struct tree *tree, struct bytes level)
{
    return hash_bytes(&tree->key, level);
}

/* The hash of an edge. That of the level is keyed, so this need only spread:
 * it is a bijection of each part while the other is fixed. */
static uint64_t path_hash(uint64_t parent_hash, uint64_t level_hash)
{
    uint64_t h = (parent_hash ^ level_hash) + 0x9e3779b97f4a7c15;
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
    return h ^ h >> 32;
}

static uint64_t edge_hash(const struct tree_node *parent, uint64_t level_hash)
{
    return path_hash(parent->entry.hash, level_hash);
}

uint64_t tree_name_hash(const struct tree *tree, struct bytes name)
{
    uint64_t hash = tree->root->entry.hash;
    struct topic_levels at = topic_levels_of(name);
    struct bytes level;
    while (topic_level_next(&at, &level))
        hash = path_hash(hash, tree_hash(tree, level));
    return hash;
}

bool tree_is_child(const struct tree_node *node, const struct tree_node *parent,
                   struct bytes level)
{
    assert(node != parent);
    return node->parent == parent && bytes_equal(tree_level(node), level);
}

struct map_seek tree_child_seek(const struct tree *tree,
                                const struct tree_node *parent, uint64_t hash)
{
    assert(parent->child_count > 0);
    return map_seek(&tree->nodes, edge_hash(parent, hash));
}

struct tree_node *tree_sought(const struct map_seek *seek)
{
    if (seek->entry == NULL) return NULL;
    assert(seek->entry->hash == seek->hash);
    return OWNER(seek->entry, struct tree_node, entry);
}

static bool same_edge(const struct map_entry *entry, const void *key)
{
    const struct edge *edge = key;
    const struct tree_node *node =
        OWNER((uintptr_t)entry, const struct tree_node, entry);
    return tree_is_child(node, edge->parent, edge->level);
}

struct tree_node *tree_child(const struct tree *tree,
                             const struct tree_node *parent, struct bytes level,
                             uint64_t hash)
{
    assert(parent != NULL);
    if (parent->child_count == 0) return NULL;
    struct edge edge = {parent, level};
    struct map_entry *entry =
        map_find(&tree->nodes, edge_hash(parent, hash), same_edge, &edge);
    return entry == NULL ? NULL : OWNER(entry, struct tree_node, entry);
}

/* Put `node` in front of its siblings. */
static void sibling_link(struct tree_node *node)
{
    struct tree_links *parent = tree_links(node->parent);
    tree_links(node)->next = parent->first;
    if (parent->first != NULL) tree_links(parent->first)->prev = node;
    parent->first = node;
}

static void sibling_unlink(struct tree_node *node)
{
    struct tree_links *links = tree_links(node);
    if (links->next != NULL) tree_links(links->next)->prev = links->prev;
    if (links->prev != NULL) {
        tree_links(links->prev)->next = links->next;
    } else {
        assert(tree_links(node->parent)->first == node);
        tree_links(node->parent)->first = links->next;
    }
}

static bool is_plus(struct bytes level)
{
    return level.size == 1 && level.data[0] == '+';
}

/* A new child of `parent` by `level`, which is not there yet. */
static struct tree_node *child_make(struct tree *tree, struct tree_node *parent,
                                    struct bytes level, uint64_t hash)
{
    assert(parent->child_count < UINT32_MAX);
    struct tree_node *node = node_new(tree, parent, level);
    parent->child_count++;
    parent->plus |= is_plus(level);
    if (tree->kind == TREE_OF_NAMES) sibling_link(node);
    map_insert(&tree->nodes, &node->entry, edge_hash(parent, hash));
    assert(node->entry.hash == edge_hash(parent, hash));
    return node;
}

/* What `level`, the last of a filter, makes of its end. */
static enum tree_end end_of(struct bytes level)
{
    if (is_plus(level)) return TREE_PLUS;
    return level.size == 1 && level.data[0] == '#' ? TREE_REST : TREE_HERE;
}

/* Walk `text` down from the root; what is missing is made, or is the end. */
static struct tree_node *walk(struct tree *tree, struct bytes text,
                              enum tree_end *end, bool make)
{
    assert((end != NULL) == (tree->kind == TREE_OF_FILTERS));
    struct tree_node *node = tree->root;
    struct topic_levels at = topic_levels_of(text);
    struct bytes level;
    while (node != NULL && topic_level_next(&at, &level)) {
        if (at.done && end != NULL) {
            *end = end_of(level);
            if (*end != TREE_HERE) return node;
        }
        uint64_t hash = tree_hash(tree, level);
        struct tree_node *child = tree_child(tree, node, level, hash);
        if (child == NULL && make) child = child_make(tree, node, level, hash);
        node = child;
    }
    return node;
}

struct tree_node *tree_find(const struct tree *tree, struct bytes text,
                            enum tree_end *end)
{
    /* Nothing is written when nothing is made. */
    return walk((struct tree *)(uintptr_t)tree, text, end, false);
}

struct tree_node *tree_make(struct tree *tree, struct bytes text,
                            enum tree_end *end)
{
    struct tree_node *node = walk(tree, text, end, true);
    assert(node != NULL);
    return node;
}

struct bytes tree_text(struct tree *tree, const struct tree_node *node,
                       enum tree_end end)
{
    /* With a slash before each. */
    static const char *const endings[TREE_ENDS] = {"", "/+", "/#"};
    struct bytes ending = bytes_of(endings[end]);
    size_t size = ending.size;
    for (const struct tree_node *at = node; at != tree->root; at = at->parent)
        size += 1 + at->size;
    assert(size > 0);
    tree->text.size = 0;
    uint8_t *to = buffer_reserve(&tree->text, size) + size;
    memcpy(to -= ending.size, ending.data, ending.size);
    for (const struct tree_node *at = node; at != tree->root; at = at->parent) {
        memcpy(to -= at->size, at->level, at->size);
        *--to = '/';
    }
    assert(to == tree->text.data);
    return bytes_at(to + 1, size - 1);
}

/* Does `node` carry anything? */
static bool node_empty(const struct tree *tree, struct tree_node *node)
{
    if (tree->kind == TREE_OF_NAMES) return tree_links(node)->here == NULL;
    const union tree_value *at = tree_ends(node)->at;
    return (at[TREE_HERE].bits | at[TREE_PLUS].bits | at[TREE_REST].bits) == 0;
}

void tree_prune(struct tree *tree, struct tree_node *node)
{
    assert(node != NULL);
    while (node != tree->root && node->child_count == 0 &&
           node_empty(tree, node)) {
        struct tree_node *parent = node->parent;
        assert(parent != NULL && parent->child_count > 0);
        if (tree->kind == TREE_OF_NAMES) sibling_unlink(node);
        map_remove(&tree->nodes, &node->entry);
        if (is_plus(tree_level(node))) parent->plus = false;
        node_free(tree, node);
        parent->child_count--;
        node = parent;
    }
}

/* Rows for at least `count` nodes each; the first `used` of the first stay. */
static void frontier_grow(struct tree *tree, size_t count)
{
    if (count <= tree->frontier_max) return;
    size_t max = tree->frontier_max == 0 ? FRONTIER_MIN : tree->frontier_max;
    while (max < count)
        max *= 2;
    size_t size = sizeof *tree->frontier;
    struct tree_node **rows = pool_take(tree->pool, 2 * max * size);
    for (size_t row = 0; row < 2; row++) {
        if (tree->frontier_max == 0) break;
        memcpy(rows + row * max, tree->frontier + row * tree->frontier_max,
               tree->frontier_max * size);
    }
    pool_give(tree->pool, tree->frontier, 2 * tree->frontier_max * size);
    tree->frontier = rows;
    tree->frontier_max = max;
}

/* Has one of them? */
static bool frontier_named(struct tree_node *const *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tree_has_named(nodes[i])) return true;
    }
    return false;
}

/* From the `count` nodes in row `row` to their children by `level` and, unless
 * `hidden`, by "+", in the other row; how many these are. */
static size_t frontier_step(struct tree *tree, size_t row, size_t count,
                            struct bytes level, bool hidden)
{
    assert(row < 2 && count > 0);
    frontier_grow(tree, 2 * count);
    struct tree_node **from = tree->frontier + row * tree->frontier_max;
    struct tree_node **to = tree->frontier + (1 - row) * tree->frontier_max;
    uint64_t hash = frontier_named(from, count) ? tree_hash(tree, level) : 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct tree_node *node = NULL;
        if (tree_has_named(from[i]))
            node = tree_child(tree, from[i], level, hash);
        if (node != NULL) to[found++] = node;
        if (hidden || !from[i]->plus) continue;
        node = tree_child(tree, from[i], bytes_of("+"), tree->plus_hash);
        assert(node != NULL);
        to[found++] = node;
    }
    assert(found <= 2 * count);
    return found;
}

/* A visit to come. */
struct call {
    tree_visit *visit;
    void *context;
};

/* Show the `count` nodes in row `row`. */
static void frontier_visit(const struct tree *tree, size_t row, size_t count,
                           enum tree_end end, const struct call *call)
{
    struct tree_node **nodes = tree->frontier + row * tree->frontier_max;
    for (size_t i = 0; i < count; i++)
        call->visit(nodes[i], end, call->context);
}

void tree_match(struct tree *tree, struct bytes name, tree_visit *visit,
                void *context)
{
    assert(tree->kind == TREE_OF_FILTERS);
    assert(name.size > 0);
    bool hidden = name.data[0] == '$';
    if (!hidden) visit(tree->root, TREE_REST, context);
    if (tree_bare(tree)) return;
    frontier_grow(tree, 1);
    tree->frontier[0] = tree->root;
    size_t row = 0, count = 1;
    struct call call = {visit, context};
    struct topic_levels at = topic_levels_of(name);
    struct bytes level;
    while (count > 0 && topic_level_next(&at, &level)) {
        if (at.done && !hidden)
            frontier_visit(tree, row, count, TREE_PLUS, &call);
        count = frontier_step(tree, row, count, level, hidden);
        row = 1 - row;
        hidden = false;
        frontier_visit(tree, row, count, TREE_REST, &call);
    }
    frontier_visit(tree, row, count, TREE_HERE, &call);
}

struct each {
    void (*visit)(struct tree_node *node, void *context);
    void *context;
};

static void each_entry(struct map_entry *entry, void *context)
{
    struct each *each = context;
    each->visit(OWNER(entry, struct tree_node, entry), each->context);
}

void tree_each(struct tree *tree,
               void (*visit)(struct tree_node *node, void *context),
               void *context)
{
    struct each each = {visit, context};
    size_t cursor = 0;
    while (map_walk(&tree->nodes, &cursor, SIZE_MAX, each_entry, &each)) {
    }
}

size_t tree_count(const struct tree *tree)
{
    return tree->nodes.count;
}
