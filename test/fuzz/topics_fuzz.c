/* topics_fuzz.c - the index of subscriptions, and the table of what other
 * shards want, against topic_matches and a loop over all there is.
 *
 *     input   ( [ op ][ arguments ] )*
 */
#include "core/interest.h"
#include "core/topics.h"
#include "fuzz.h"
#include "wire/topic.h"

enum { SLOTS = 24, OWNERS = 6, SESSIONS = 4, STEPS_MAX = 400, SHARDS = 3 };

/* One subscription that may be there, and an interest of shard i % SHARDS. */
struct slot {
    bool here;
    bool wanted;
    char text[FUZZ_TEXT_MAX];
    struct bytes filter;
    struct subscriber subscriber;
    struct subscription *subscription;
};

struct index {
    struct topics *topics;
    struct interest *interest;
    struct slot slots[SLOTS];
};

/* Owners are known by their addresses alone. */
static char owners[OWNERS][16];

static struct session *session_of(unsigned i)
{
    return (struct session *)(void *)owners[i % SESSIONS];
}

static bool is_new(const struct index *index, const struct slot *slot)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct slot *other = &index->slots[i];
        if (other == slot || !other->here) continue;
        if (bytes_equal(other->filter, slot->filter)) return false;
    }
    return true;
}

static struct subscription_options some_options(struct reader *in)
{
    unsigned bits = read_u8(in);
    return (struct subscription_options){
        .qos = (uint8_t)(bits % 3),
        .no_local = bits & 4,
        .retain_as_published = bits & 8,
        .identifier = bits >> 4,
    };
}

/* What the index has under the filter of `slot` for its owner. */
static struct subscription *find(const struct index *index,
                                 const struct slot *slot)
{
    return topics_find(index->topics, slot->filter, slot->subscriber.session,
                       slot->subscriber.group);
}

static void remove_one(struct index *index, struct slot *slot)
{
    slot->here = false;
    bool last = topics_remove(index->topics, slot->subscription);
    PROMISE(last == is_new(index, slot));
    PROMISE(find(index, slot) == NULL);
}

static void add(struct index *index, struct slot *slot, struct reader *in)
{
    unsigned owner = fuzz_below(in, OWNERS);
    slot->subscriber = (struct subscriber){.options = some_options(in)};
    slot->filter = fuzz_text(in, slot->text, true);
    if (!topic_filter_valid(slot->filter)) return;
    if (owner < SESSIONS) {
        slot->subscriber.session = session_of(owner);
    } else {
        slot->subscriber.group = (struct group *)(void *)owners[owner];
    }
    if (find(index, slot) != NULL) return;
    uint64_t before = topics_filter_count(index->topics);
    slot->subscription =
        topics_add(index->topics, slot->filter, &slot->subscriber);
    bool first = topics_filter_count(index->topics) > before;
    PROMISE(first == is_new(index, slot));
    slot->here = true;
    PROMISE(bytes_equal(topics_filter(index->topics, slot->subscription),
                        slot->filter));
    PROMISE(find(index, slot) == slot->subscription);
}

/* topic_matches once more, level by level and without its help. */
static bool levels_match(struct bytes filter, struct bytes topic)
{
    size_t f = 0, t = 0;
    for (;;) {
        size_t f_end = f, t_end = t;
        while (f_end < filter.size && filter.data[f_end] != '/')
            f_end += 1;
        while (t_end < topic.size && topic.data[t_end] != '/')
            t_end += 1;
        size_t f_size = f_end - f, t_size = t_end - t;
        bool hidden = t == 0 && topic.size > 0 && topic.data[0] == '$';
        if (f_size == 1 && filter.data[f] == '#') return !hidden;
        bool plus = f_size == 1 && filter.data[f] == '+';
        if (plus ? hidden
                 : !bytes_equal(bytes_at(filter.data + f, f_size),
                                bytes_at(topic.data + t, t_size))) {
            return false;
        }
        bool f_ends = f_end == filter.size, t_ends = t_end == topic.size;
        if (t_ends) {
            return f_ends ||
                   bytes_equal(bytes_skip(filter, f_end), bytes_of("/#"));
        }
        if (f_ends) return false;
        f = f_end + 1;
        t = t_end + 1;
    }
}

/* Does `slot` count for `topic`, and for `owner` (NULL: for anybody)? */
static bool counts(const struct slot *slot, struct bytes topic,
                   const void *owner, const struct session *publisher)
{
    const struct subscriber *s = &slot->subscriber;
    if (!slot->here || !topic_matches(slot->filter, topic)) return false;
    bool own = s->session != NULL && s->session == publisher;
    if (own && slot->subscription->options.no_local) return false;
    return owner == NULL || (const void *)s->session == owner ||
           (const void *)s->group == owner;
}

/* What one session gets, all its subscriptions together. */
static void check_receiver(const struct index *index, struct bytes topic,
                           const struct receiver *r,
                           const struct session *publisher)
{
    unsigned qos = 0, identifiers = 0, count = 0, sum = 0;
    bool as_published = false;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct subscription *s = index->slots[i].subscription;
        if (!counts(&index->slots[i], topic, r->session, publisher)) continue;
        count += 1;
        if (s->options.qos > qos) qos = s->options.qos;
        as_published |= s->options.retain_as_published;
        identifiers += s->options.identifier != 0;
        sum += s->options.identifier;
    }
    PROMISE(count > 0);
    PROMISE(r->qos == qos);
    PROMISE(r->retain_as_published == as_published);
    PROMISE(r->identifier_count == identifiers);
    for (unsigned i = 0; i < identifiers; i++)
        sum -= r->identifiers[i];
    PROMISE(sum == 0);
}

static void check_match(const struct index *index, struct bytes topic,
                        const struct session *publisher, bool each)
{
    struct receivers got = topics_match(index->topics, topic, publisher, each);
    unsigned sessions = 0, copies = 0, groups = 0;
    for (unsigned i = 0; i < OWNERS; i++) {
        unsigned count = 0;
        for (unsigned k = 0; k < SLOTS; k++)
            count += counts(&index->slots[k], topic, owners[i], publisher);
        if (i >= SESSIONS) {
            groups += count;
        } else {
            copies += count;
            sessions += count > 0;
        }
    }
    PROMISE(got.count == (each ? copies : sessions));
    PROMISE(got.group_count == groups);
    for (uint32_t i = 0; i < got.count; i++) {
        if (!each) check_receiver(index, topic, &got.list[i], publisher);
        for (uint32_t k = 0; k < i && !each; k++)
            PROMISE(got.list[i].session != got.list[k].session);
    }
}

static void check_interest(const struct index *index, struct bytes topic)
{
    uint64_t want = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct slot *slot = &index->slots[i];
        if (!slot->wanted || !topic_matches(slot->filter, topic)) continue;
        want |= (uint64_t)1 << i % SHARDS;
    }
    PROMISE(interest_match(index->interest, topic) == want);
}

static void want(struct index *index, unsigned number, struct reader *in)
{
    struct slot *slot = &index->slots[number];
    if (slot->here) return;
    uint16_t shard = (uint16_t)(number % SHARDS);
    if (slot->wanted) {
        interest_set(index->interest, slot->filter, shard, false);
        slot->wanted = false;
        return;
    }
    slot->filter = fuzz_text(in, slot->text, true);
    if (!topic_filter_valid(slot->filter)) return;
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct slot *other = &index->slots[i];
        if (other->wanted && i % SHARDS == shard &&
            bytes_equal(other->filter, slot->filter)) {
            return;
        }
    }
    interest_set(index->interest, slot->filter, shard, true);
    slot->wanted = true;
}

static void match(struct index *index, struct reader *in)
{
    char text[FUZZ_TEXT_MAX];
    unsigned bits = read_u8(in);
    struct session *publisher = bits & 4 ? session_of(bits) : NULL;
    struct bytes topic = fuzz_text(in, text, false);
    if (topic.size > 0 && bits & 32)
        (void)topics_foresee(index->topics, &topic, 1);
    if (!topic_name_valid(topic)) return;
    for (unsigned i = 0; i < SLOTS; i++) {
        struct bytes filter = index->slots[i].filter;
        if (!index->slots[i].here) continue;
        PROMISE(topic_matches(filter, topic) == levels_match(filter, topic));
    }
    struct bytes soon[2] = {topic, topic};
    if (bits & 16) (void)topics_foresee(index->topics, soon, 2);
    check_match(index, topic, publisher, bits & 8);
    check_interest(index, topic);
    topics_forget(index->topics);
}

static void step(struct index *index, struct reader *in)
{
    unsigned op = read_u8(in);
    unsigned number = (op >> 2) % SLOTS;
    struct slot *slot = &index->slots[number];
    switch (op % 4) {
    case 0:
        if (slot->here) {
            remove_one(index, slot);
        } else if (!slot->wanted) {
            add(index, slot, in);
        }
        break;
    case 1: match(index, in); break;
    case 2:
        if (!slot->here) break;
        topics_change(index->topics, slot->subscription, some_options(in));
        break;
    default: want(index, number, in); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = fuzz_pool();
    static struct index index;
    index = (struct index){.topics = topics_new(pool, fuzz_key),
                           .interest = interest_new(pool, fuzz_key)};
    struct reader in = reader_of(bytes_at(data, size));
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&in) > 0; i++)
        step(&index, &in);
    uint64_t here = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        here += index.slots[i].here;
    PROMISE(topics_subscription_count(index.topics) == here);
    topics_free(index.topics);
    interest_free(index.interest);
    PROMISE(pool_bytes(pool) == 0);
    pool_free(pool);
    return 0;
}
