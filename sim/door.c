/* door.c - who is asked about, and what is answered, in the imaginary world. */
#include "core/acl.h"
#include "core/bounds.h"
#include "sim/world_state.h"

#include <stdlib.h>

/* An answer on its way to a shard, with its texts behind it. */
struct reply {
    struct answer answer;
    uint8_t texts[];
};

static struct bytes text_put(uint8_t **at, struct bytes text)
{
    uint8_t *copy = *at;
    if (text.size > 0) memcpy(copy, text.data, text.size);
    *at += text.size;
    return bytes_at(copy, text.size);
}

static struct reply *reply_new(const struct answer *answer)
{
    size_t size = answer->user.size + answer->data.size;
    struct reply *reply = world_grow(NULL, 1, sizeof(*reply) + size);
    uint8_t *at = reply->texts;
    reply->answer = *answer;
    reply->answer.user = text_put(&at, answer->user);
    reply->answer.data = text_put(&at, answer->data);
    (void)acl_ref(answer->acl);
    return reply;
}

const struct answer *reply_answer(const struct reply *reply)
{
    return &reply->answer;
}

void reply_free(struct reply *reply)
{
    if (reply == NULL) return;
    acl_unref(reply->answer.acl);
    free(reply);
}

void cable_ask(struct world *world, uint32_t cable, const struct action *action,
               struct bytes said)
{
    struct cable *c = world->cables[cable];
    struct ask ask;
    if (action->ask == 0) world_die(world, "ASK without a number");
    if (c->ask != 0) world_die(world, "ASK before the last was answered");
    if (ask_read(said, &ask) != OK) world_die(world, "ASK of what is none");
    if (ask.client_id.size == 0) world_die(world, "ASK about nobody");
    c->ask = action->ask;
    c->ask_kind = action->ask_kind;
    c->ask_shard = c->shard;
    c->ask_slot = c->slot;
    c->asked.size = 0;
    buffer_append(&c->asked, said);
}

bool world_asked(const struct world *world, struct cable_id cable,
                 enum ask_kind *kind, struct ask *said)
{
    if (cable.v == 0) return false;
    const struct cable *c = world->cables[cable.v];
    if (c->ask == 0) return false;
    *kind = (enum ask_kind)c->ask_kind;
    return ask_read(buffer_bytes(&c->asked), said) == OK;
}

void world_answer(struct world *world, struct cable_id cable,
                  const struct answer *answer)
{
    struct cable *c = world->cables[cable.v];
    if (c->ask == 0) world_die(world, "an answer to nothing");
    struct item item = {.kind = EVENT_GRANTED,
                        .slot = c->ask_slot,
                        .ask = c->ask,
                        .reply = reply_new(answer)};
    c->ask = 0;
    world_push(world, c->ask_shard, &item);
}
