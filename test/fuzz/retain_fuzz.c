/* retain_fuzz.c - the tree of retained messages against a plain list.
 *
 *     input   ( [ op ][ arguments ] )*
 */
#include "core/publish.h"
#include "core/retain.h"
#include "fuzz.h"
#include "wire/topic.h"

enum { KEPT_MAX = 64, STEPS_MAX = 400, LIMIT = 20 };

struct kept {
    char text[FUZZ_TEXT_MAX];
    struct bytes topic;
    uint64_t stamp;
    uint64_t expires_ms; /* 0: never */
};

struct model {
    struct pool *pool;
    struct retain *retain;
    uint64_t now_ms;
    size_t count;
    struct kept list[KEPT_MAX];
};

/* What a visit is compared with. */
struct visits {
    const struct model *model;
    struct bytes filter;
    size_t count;
};

static struct kept *find(struct model *model, struct bytes topic)
{
    for (size_t i = 0; i < model->count; i++) {
        if (bytes_equal(model->list[i].topic, topic)) return &model->list[i];
    }
    return NULL;
}

static void forget(struct model *model, struct kept *kept)
{
    struct kept *last = &model->list[--model->count];
    if (kept == last) return;
    *kept = *last;
    kept->topic.data = (const uint8_t *)kept->text;
}

static struct body *body_new(struct model *model, struct bytes topic,
                             uint64_t stamp, uint64_t expires_ms)
{
    struct message m = {.topic = topic,
                        .payload = topic,
                        .stamp = stamp,
                        .expires_ms = expires_ms,
                        .retain = true};
    struct body *body = message_share(&m, model->pool);
    PROMISE(body != NULL);
    message_done(&m);
    return body;
}

static void take(struct model *model, struct reader *in)
{
    char text[FUZZ_TEXT_MAX];
    uint64_t stamp = 1 + read_u8(in);
    unsigned life = read_u8(in);
    uint64_t expires_ms = life % 2 == 0 ? 0 : model->now_ms + life / 2;
    struct bytes topic = fuzz_text(in, text, false);
    if (!topic_name_valid(topic) || publish_reserved(topic)) return;
    struct body *body = body_new(model, topic, stamp, expires_ms);
    struct kept *kept = find(model, topic);
    bool full = kept == NULL && model->count >= LIMIT;
    enum err e = retain_take(model->retain, &body, LIMIT);
    PROMISE(body == NULL);
    PROMISE(e == (full ? ERR_FULL : OK));
    if (full || (kept != NULL && stamp < kept->stamp)) return;
    if (kept == NULL) {
        kept = &model->list[model->count++];
        memcpy(kept->text, text, sizeof text);
        kept->topic = bytes_at(kept->text, topic.size);
    }
    kept->stamp = stamp;
    kept->expires_ms = expires_ms;
}

static void clear(struct model *model, struct reader *in)
{
    char text[FUZZ_TEXT_MAX];
    uint64_t stamp = 1 + read_u8(in);
    struct bytes topic = fuzz_text(in, text, false);
    if (!topic_name_valid(topic)) return;
    struct kept *kept = find(model, topic);
    bool had = retain_clear(model->retain, topic, stamp);
    PROMISE(had == (kept != NULL && kept->stamp <= stamp));
    if (had) forget(model, kept);
}

static bool expired(const struct model *model, const struct kept *kept)
{
    return kept->expires_ms != 0 && kept->expires_ms <= model->now_ms;
}

static void visit(struct body *body, void *context)
{
    struct visits *visits = context;
    const struct message *m = &body->message;
    PROMISE(topic_matches(visits->filter, m->topic));
    PROMISE(!message_expired(m, visits->model->now_ms));
    visits->count += 1;
}

static void match(struct model *model, struct reader *in)
{
    char text[FUZZ_TEXT_MAX];
    struct visits visits = {.model = model};
    visits.filter = fuzz_text(in, text, true);
    if (!topic_filter_valid(visits.filter)) return;
    size_t want = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct kept *kept = &model->list[i];
        if (expired(model, kept)) continue;
        want += topic_matches(visits.filter, kept->topic);
    }
    retain_match(model->retain, visits.filter, model->now_ms, visit, &visits);
    PROMISE(visits.count == want);
}

static void gone(struct body *body, void *context)
{
    struct model *model = context;
    struct kept *kept = find(model, body->message.topic);
    PROMISE(kept != NULL);
    PROMISE(expired(model, kept));
    forget(model, kept);
}

static void step(struct model *model, struct reader *in)
{
    unsigned op = read_u8(in);
    switch (op % 8) {
    case 0:
    case 1:
    case 2: take(model, in); break;
    case 3: clear(model, in); break;
    case 4:
    case 5: match(model, in); break;
    case 6: model->now_ms += op; break;
    default:
        retain_sweep(model->retain, model->now_ms, 1 + op, gone, model);
        break;
    }
    PROMISE(retain_count(model->retain) == model->count);
}

static void check_all(struct model *model)
{
    uint64_t payloads = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct kept *kept = &model->list[i];
        const struct body *body = retain_get(model->retain, kept->topic);
        PROMISE(body != NULL);
        PROMISE(body->message.stamp == kept->stamp);
        PROMISE(body->message.expires_ms == kept->expires_ms);
        payloads += body->message.payload.size;
    }
    PROMISE(retain_bytes(model->retain) == payloads);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    model = (struct model){.pool = fuzz_pool(), .now_ms = 1000};
    model.retain = retain_new(model.pool, fuzz_key);
    struct reader in = reader_of(bytes_at(data, size));
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&in) > 0; i++)
        step(&model, &in);
    check_all(&model);
    retain_free(model.retain);
    PROMISE(pool_bytes(model.pool) == 0);
    pool_free(model.pool);
    return 0;
}
