/* retain.c - a tree of names with a message at some of its nodes.
 *
 * A filter is followed depth first without recursion: nodes know parent and
 * next sibling, so the walk carries only where it is and how deep.
 */
#include "core/retain.h"

#include "base/buffer.h"
#include "base/fetch.h"
#include "base/list.h"
#include "core/publish.h"
#include "core/tree.h"
#include "wire/topic.h"

#include <assert.h>

/* Of a message's texts, so much is looked at to know it. */
enum { TEXT_BYTES = 32 };

struct retain {
    struct pool *pool;
    struct tree tree;
    struct tree_node *last; /* that was found, while it has a message */
    uint64_t count;
    uint64_t payload_bytes;
    uint64_t expiring;     /* of them, how many expire one day */
    uint64_t reserved;     /* and how many are the broker's own figures */
    size_t cursor;         /* of the sweep */
    struct buffer levels;  /* struct level, of the filter that is matched */
    struct buffer expired; /* struct tree_node *, while sweeping */
};

/* A level of a filter. */
struct level {
    struct bytes text;
    uint64_t hash;
    bool plus;
};

/* One walk. */
struct match {
    struct retain *retain;
    const struct level *levels;
    size_t count; /* of levels, without a final "#" */
    bool rest;    /* there was one */
    uint64_t now_ms;
    retain_visit *visit;
    void *context;
};

struct retain *retain_new(struct pool *pool, struct hash_key key)
{
    struct retain *retain = pool_take(pool, sizeof *retain);
    retain->pool = pool;
    tree_init(&retain->tree, pool, key, TREE_OF_NAMES);
    buffer_init(&retain->levels, pool);
    buffer_init(&retain->expired, pool);
    return retain;
}

static struct body *body_at(struct tree_node *node)
{
    return tree_links(node)->here;
}

static void free_body(struct tree_node *node, void *context)
{
    (void)context;
    body_unref(body_at(node));
}

void retain_free(struct retain *retain)
{
    if (retain == NULL) return;
    tree_each(&retain->tree, free_body, NULL);
    tree_fini(&retain->tree);
    buffer_fini(&retain->levels);
    buffer_fini(&retain->expired);
    pool_give(retain->pool, retain, sizeof *retain);
}

/* Does `node` carry the message of `topic`? */
static bool carries(struct tree_node *node, struct bytes topic)
{
    const struct body *body = body_at(node);
    return body != NULL && bytes_equal(body->message.topic, topic);
}

static bool same_topic(const struct map_entry *entry, const void *key)
{
    struct map_entry *found = (struct map_entry *)(uintptr_t)entry;
    return carries(OWNER(found, struct tree_node, entry),
                   *(const struct bytes *)key);
}

/* The node of `topic` if a message is there, or NULL. Its message tells it from
 * others: nodes above it need not be looked at, which are seldom near. */
static struct tree_node *find(struct retain *retain, struct bytes topic)
{
    struct tree_node *last = retain->last;
    assert(last == NULL || body_at(last) != NULL);
    if (last != NULL && carries(last, topic)) return last;
    struct map_entry *entry =
        map_find(&retain->tree.nodes, tree_name_hash(&retain->tree, topic),
                 same_topic, &topic);
    if (entry == NULL) return NULL;
    retain->last = OWNER(entry, struct tree_node, entry);
    return retain->last;
}

/* `node` gets `body`, or, with NULL, nothing; its former one goes. */
static void put(struct retain *retain, struct tree_node *node,
                struct body *body)
{
    assert(node != retain->tree.root);
    struct body *former = body_at(node);
    if (former != NULL) {
        assert(retain->count > 0);
        assert(retain->payload_bytes >= former->message.payload.size);
        retain->count--;
        retain->payload_bytes -= former->message.payload.size;
        assert(retain->expiring >= (former->message.expires_ms != 0));
        retain->expiring -= former->message.expires_ms != 0;
        retain->reserved -= publish_reserved(former->message.topic);
    }
    if (body != NULL) {
        retain->count++;
        retain->payload_bytes += body->message.payload.size;
        retain->expiring += body->message.expires_ms != 0;
        retain->reserved += publish_reserved(body->message.topic);
        assert(retain->reserved <= retain->count);
    }
    tree_links(node)->here = body;
    retain->last = body == NULL ? NULL : node;
    body_unref(former);
}

enum err retain_take(struct retain *retain, struct body **body, uint64_t limit)
{
    struct body *taken = *body;
    *body = NULL;
    assert(taken != NULL);
    struct bytes topic = taken->message.topic;
    assert(topic_name_valid(topic));
    struct tree_node *node = find(retain, topic);
    bool late =
        node != NULL && taken->message.stamp < body_at(node)->message.stamp;
    bool full = node == NULL && limit > 0 && !publish_reserved(topic) &&
                retain->count - retain->reserved >= limit;
    if (late || full) {
        body_unref(taken);
        return full ? ERR_FULL : OK;
    }
    if (node == NULL) node = tree_make(&retain->tree, topic, NULL);
    put(retain, node, taken);
    assert(body_at(node) == taken);
    return OK;
}

bool retain_clear(struct retain *retain, struct bytes topic, uint64_t stamp)
{
    struct tree_node *node = find(retain, topic);
    if (node == NULL) return false;
    if (stamp < body_at(node)->message.stamp) return false;
    put(retain, node, NULL);
    tree_prune(&retain->tree, node);
    return true;
}

struct body *retain_get(struct retain *retain, struct bytes topic)
{
    struct tree_node *node = find(retain, topic);
    return node == NULL ? NULL : body_at(node);
}

/* Have the message of what was sought come; its node is near. */
static void body_fetch(const struct map_seek *seek)
{
    struct tree_node *node = tree_sought(seek);
    const struct body *body = node == NULL ? NULL : body_at(node);
    if (body == NULL) return;
    fetch(body);
    fetch_block((const uint8_t *)body + FETCH_LINE_SIZE,
                sizeof *body - FETCH_LINE_SIZE + TEXT_BYTES);
}

void retain_fetch(const struct retain *retain, const struct bytes *topics,
                  size_t count)
{
    assert(count <= RETAIN_FETCH_MAX);
    const struct tree *tree = &retain->tree;
    struct map_seek seeks[RETAIN_FETCH_MAX];
    for (size_t i = 0; i < count; i++)
        seeks[i] = map_seek(&tree->nodes, tree_name_hash(tree, topics[i]));
    bool over = false;
    while (!over) {
        over = true;
        for (size_t i = 0; i < count; i++) {
            if (map_seek_on(&seeks[i])) continue;
            fetch(tree_links(OWNER(seeks[i].entry, struct tree_node, entry)));
            over = false;
        }
    }
    for (size_t i = 0; i < count; i++)
        body_fetch(&seeks[i]);
}

/* `node`, or the first of its next siblings that a wildcard may see: at the
 * first level not those that begin with "$". [MQTT-4.7.2-1] */
static struct tree_node *shown(struct tree_node *node)
{
    while (node != NULL && node->parent->parent == NULL && tree_hidden(node)) {
        node = tree_links(node)->next;
    }
    return node;
}

/* Show the message of `node`, if it has one that lives. */
static void show(const struct match *match, struct tree_node *node)
{
    struct body *body = body_at(node);
    if (body == NULL) return;
    if (message_expired(&body->message, match->now_ms)) return;
    match->visit(body, match->context);
}

/* Show what is at `top` and below. */
static void show_all(const struct match *match, struct tree_node *top)
{
    struct tree_node *at = top;
    while (at != NULL) {
        show(match, at);
        struct tree_node *next = shown(tree_links(at)->first);
        while (next == NULL && at != top) {
            next = shown(tree_links(at)->next);
            if (next == NULL) at = at->parent;
        }
        at = next;
    }
}

/* The first child of `node` that `level` allows, or NULL. */
static struct tree_node *step_down(const struct match *match,
                                   struct tree_node *node,
                                   const struct level *level)
{
    if (level->plus) return shown(tree_links(node)->first);
    return tree_child(&match->retain->tree, node, level->text, level->hash);
}

/* From a node at `*depth`, where all is done: the next one that is allowed
 * where the walk has a choice, and its depth; or NULL when there is none. */
static struct tree_node *step_over(const struct match *match,
                                   struct tree_node *node, size_t *depth)
{
    while (*depth > 0) {
        assert(node->parent != NULL);
        if (match->levels[*depth - 1].plus) {
            struct tree_node *next = shown(tree_links(node)->next);
            if (next != NULL) return next;
        }
        node = node->parent;
        *depth -= 1;
    }
    assert(node == match->retain->tree.root);
    return NULL;
}

static void walk(const struct match *match)
{
    struct tree_node *node = match->retain->tree.root;
    size_t depth = 0;
    while (node != NULL) {
        assert(depth <= match->count);
        struct tree_node *child = NULL;
        if (depth < match->count) {
            child = step_down(match, node, &match->levels[depth]);
        } else if (match->rest) {
            show_all(match, node);
        } else {
            show(match, node);
        }
        if (child != NULL) {
            node = child;
            depth++;
        } else {
            node = step_over(match, node, &depth);
        }
    }
}

/* Take `filter` apart into the levels of `match`. */
static void split(struct retain *retain, struct bytes filter,
                  struct match *match)
{
    struct topic_levels at = topic_levels_of(filter);
    struct level level = {.plus = false};
    retain->levels.size = 0;
    while (!match->rest && topic_level_next(&at, &level.text)) {
        bool one = level.text.size == 1;
        match->rest = one && level.text.data[0] == '#';
        if (match->rest) break;
        level.plus = one && level.text.data[0] == '+';
        if (!level.plus) level.hash = tree_hash(&retain->tree, level.text);
        buffer_append(&retain->levels, bytes_at(&level, sizeof level));
    }
    assert(at.done);
    match->levels = (const struct level *)(void *)retain->levels.data;
    match->count = retain->levels.size / sizeof level;
}

void retain_match(struct retain *retain, struct bytes filter, uint64_t now_ms,
                  retain_visit *visit, void *context)
{
    assert(topic_filter_valid(filter));
    if (retain->count == 0) return;
    struct match match = {
        .retain = retain,
        .now_ms = now_ms,
        .visit = visit,
        .context = context,
    };
    split(retain, filter, &match);
    walk(&match);
}

struct sweep {
    struct retain *retain;
    uint64_t now_ms;
};

static void sweep_entry(struct map_entry *entry, void *context)
{
    struct sweep *sweep = context;
    struct tree_node *node = OWNER(entry, struct tree_node, entry);
    struct body *body = body_at(node);
    if (body == NULL) return;
    if (!message_expired(&body->message, sweep->now_ms)) return;
    buffer_append(&sweep->retain->expired, bytes_at(&node, sizeof node));
}

void retain_sweep(struct retain *retain, uint64_t now_ms, size_t count_max,
                  retain_visit *gone, void *context)
{
    assert(count_max > 0);
    struct sweep sweep = {retain, now_ms};
    retain->expired.size = 0;
    map_walk(&retain->tree.nodes, &retain->cursor, count_max, sweep_entry,
             &sweep);
    /* To free a node may free those above it, but none that waits here: each
     * of these still carries its message. */
    struct tree_node **nodes = (void *)retain->expired.data;
    size_t count = retain->expired.size / sizeof *nodes;
    for (size_t i = 0; i < count; i++) {
        assert(body_at(nodes[i]) != NULL);
        if (gone != NULL) gone(body_at(nodes[i]), context);
        put(retain, nodes[i], NULL);
        tree_prune(&retain->tree, nodes[i]);
    }
}

uint64_t retain_count(const struct retain *retain)
{
    return retain->count;
}

uint64_t retain_bytes(const struct retain *retain)
{
    return retain->payload_bytes;
}

uint64_t retain_expiring(const struct retain *retain)
{
    return retain->expiring;
}
