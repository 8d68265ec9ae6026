/* ending.c - a random life comes to rest, and is looked at. */
#include "sim/life.h"
#include "sim/words_codec.h"

#include <stdio.h>

enum {
    QUIET_ROUNDS = 100,
    ROUND_MS = 100,
    ERRANDS = 100,     /* more than this: */
    RECORDS_KEPT = 64, /* what shards know of one another */
    COMMITS_ALL = 1000000,
    /* What shards may keep when all is gone: tables that have grown. */
    MEMORY_SLACK = 256 * 1024
};

/* The one that was taken over is closed, not forgotten. */
static void former_check(struct life *life, struct actor *actor)
{
    struct client *former = actor->clients[actor->client == actor->clients[0]];
    if (former->cable.v == 0) return;
    if (!world_closed(life->world, former->cable) &&
        life_wrong(life, former->name, "two connections for one id")) {
        story_claim(life->config->story, "%s expect close\n", former->name);
    }
    client_hang_up(former, true);
}

/* `actor` comes back if it ever was there, and reads. */
static void actor_rest(struct life *life, struct actor *actor)
{
    if (!actor->born) return;
    if (actor->client->cable.v != 0 &&
        world_closed(life->world, actor->client->cable)) {
        actor_closed(life, actor);
    }
    if (actor->client->cable.v == 0) actor_connect(life, actor);
    if (!actor->stalled) return;
    actor->stalled = false;
    story_tell(life->config->story, "unstall %s", actor->client->name);
    world_stall(life->world, actor->client->cable, false);
}

/* Has `actor` what it waited for? */
static void rested_check(struct life *life, struct actor *actor)
{
    const char *name = actor->client->name;
    struct story *story = life->config->story;
    if (!actor->born) return;
    former_check(life, actor);
    if (!actor_ready(actor)) {
        if (!life_wrong(life, name, "cannot come back")) return;
        story_claim(story, "%s expect open\n", name);
    } else if (actor->sending_count > 0) {
        const struct sending *s = &actor->sendings[0];
        if (!life_wrong(life, name, "waits for an acknowledgement in vain")) {
            return;
        }
        bool two = !s->retained && model_qos(life->model, s->message) == 2;
        story_claim(story, "%s saw %s %u\n", name,
                    s->released ? "pubcomp"
                    : two       ? "pubrec"
                                : "puback",
                    s->pid);
    } else if (actor->asked_pid != 0) {
        if (!life_wrong(life, name, "waits for SUBACK or UNSUBACK in vain")) {
            return;
        }
        story_claim(story, "%s saw %s pid=%u\n", name,
                    actor->asked_subscribe ? "suback" : "unsuback",
                    actor->asked_pid);
    }
}

/* Has everybody that ever was there come back, and all its answers? */
static bool all_rested(const struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        const struct actor *actor = &life->actors[i];
        if (!actor->born) continue;
        if (!actor_ready(actor)) return false;
        if (actor->sending_count > 0 || actor->asked_pid != 0) return false;
    }
    return true;
}

void ending_rest(struct life *life)
{
    story_detail(life->config->story, "by_itself");
    hardship_end(life);
    for (unsigned i = 0; i < life->rude_count; i++)
        client_hang_up(life->rude[i], true);
    /* While memory is short publishers are slowed down, and who is refused ends
     * its connection in 3.x, and begins again: that takes its time. */
    unsigned rounds = life->tight ? 10 * QUIET_ROUNDS : QUIET_ROUNDS;
    for (unsigned round = 0; round < 100 * QUIET_ROUNDS; round++) {
        if (round >= rounds && (!life->tight || all_rested(life))) break;
        for (unsigned i = 0; i < life->actor_count; i++)
            actor_rest(life, &life->actors[i]);
        world_wait(life->world, ROUND_MS);
        story_wait(life->config->story, ROUND_MS);
        if (life->error[0] != 0) return;
    }
    for (unsigned i = 0; i < life->actor_count; i++)
        rested_check(life, &life->actors[i]);
    undertaker_end(life);
}

static void check_retained(struct life *life, const struct words *packet,
                           bool seen[ACTORS_MAX][RETAINED_TOPICS])
{
    unsigned actor, number;
    struct bytes name = words_text(packet, "topic");
    if (!actor_retained(life, name, &actor, &number)) {
        (void)life_wrong(life, "observer", "nobody retained this");
        return;
    }
    const struct retained *r = &life->retained[actor][number];
    unsigned long got = actor_value(words_text(packet, "payload"));
    seen[actor][number] = true;
    if (got >= r->completed && got <= r->sent) return;
    char what[96];
    snprintf(what, sizeof(what), "retained on r/%u/%u is %lu, not %u..%u",
             actor, number, got, r->completed, r->sent);
    if (life_wrong(life, "observer", what)) {
        story_claim(life->config->story,
                    "observer saw at_most 0 publish r/%u/%u %lu\n", actor,
                    number, got);
    }
}

static void observer_ask(struct life *life, struct client *client)
{
    struct words *connect = words_new(PACKET_CONNECT);
    words_number_add(connect, "v", 4);
    words_text_add(connect, "id", bytes_of("observer"));
    client_open(client, 4);
    story_packet(life->config->story, client->name, false, connect);
    client_connect(client, connect);
    words_free(connect);
    struct words *subscribe = words_new(PACKET_SUBSCRIBE);
    words_number_add(subscribe, "pid", 1);
    words_text_add(subscribe, "filter", bytes_of("r/#"));
    life_say(life, client, subscribe);
    world_settle(life->world);
    (void)client_read(client);
}

void ending_retained(struct life *life)
{
    bool seen[ACTORS_MAX][RETAINED_TOPICS] = {{false}};
    struct client *client = client_new(life->world, "observer");
    observer_ask(life, client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        if (packet->type == PACKET_PUBLISH) check_retained(life, packet, seen);
        words_free(packet);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
            if (life->retained[i][k].completed == 0 || seen[i][k]) continue;
            if (life->tight) continue; /* it was not let in */
            if (life_wrong(life, "observer", "a retained message is missing")) {
                story_claim(life->config->story,
                            "observer saw publish r/%u/%u\n", i, k);
            }
        }
    }
    story_tell(life->config->story, "cut observer");
    client_hang_up(client, true);
    client_free(client);
}

/* Clear what is retained. */
static void retained_clear(struct life *life, struct actor *actor)
{
    for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
        char topic[32];
        if (life->retained[actor->index][k].sent == 0) continue;
        snprintf(topic, sizeof(topic), "r/%u/%u", actor->index, k);
        struct words *words = words_new(PACKET_PUBLISH);
        words_text_add(words, "topic", bytes_of(topic));
        words_number_add(words, "retain", 1);
        life_say(life, actor->client, words);
    }
    world_settle(life->world);
}

/* End its session: come once more, to stay no longer. */
static void session_clear(struct life *life, struct actor *actor)
{
    struct story *story = life->config->story;
    story_tell(story, "close %s", actor->client->name);
    client_hang_up(actor->client, false);
    world_settle(life->world);
    actor->persistent = false;
    actor->expects_session = false;
    actor_connect(life, actor);
    world_settle(life->world);
    story_tell(story, "close %s", actor->client->name);
    client_hang_up(actor->client, false);
}

/* Start again: only then go copies of shards that are no more, if any are. */
static void broker_restart(struct life *life)
{
    if (!life->moved) return;
    story_tell(life->config->story, "crash %u %u", COMMITS_ALL, life->shards);
    world_crash(life->world, COMMITS_ALL);
    world_restart(life->world, life->shards);
    world_settle(life->world);
}

/* Somebody called `name` comes, with a session or to end it. */
static struct client *guest_come(struct life *life, const char *name,
                                 bool clean)
{
    struct client *client = client_new(life->world, name);
    life_greet(life, client, clean);
    world_settle(life->world);
    (void)client_read(client);
    return client;
}

static void guest_go(struct life *life, struct client *client)
{
    world_settle(life->world);
    while (client_read(client))
        world_settle(life->world);
    story_tell(life->config->story, "close %s", client->name);
    client_hang_up(client, false);
    world_settle(life->world);
    client_free(client);
}

/* Who was away gets what it missed, and leaves: of that nothing may stay, and
 * no restart hides it. */
static void errand_run(struct life *life)
{
    if (life->tight) return;
    struct client *away = guest_come(life, "away", false);
    struct words *words = words_new(PACKET_SUBSCRIBE);
    words_number_add(words, "pid", 1);
    words_text_add(words, "filter", bytes_of("errand"));
    words_number_add(words, "qos", 2);
    life_say(life, away, words);
    guest_go(life, away);
    struct client *speaker = guest_come(life, "speaker", true);
    for (unsigned i = 1; i <= ERRANDS; i++) {
        words = words_new(PACKET_PUBLISH);
        words_text_add(words, "topic", bytes_of("errand"));
        words_number_add(words, "qos", 1 + i % 2);
        words_number_add(words, "pid", i);
        life_say(life, speaker, words);
        world_settle(life->world);
        (void)client_read(speaker);
    }
    guest_go(life, speaker);
    guest_go(life, guest_come(life, "away", false));
    guest_go(life, guest_come(life, "away", true));
}

void ending_clear(struct life *life)
{
    char what[96];
    for (unsigned i = 0; i < life->actor_count; i++) {
        if (life->actors[i].born) retained_clear(life, &life->actors[i]);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        if (life->actors[i].born) session_clear(life, &life->actors[i]);
    }
    world_wait(life->world, 600 * 1000);
    story_wait(life->config->story, 600 * 1000);
    broker_restart(life);
    errand_run(life);
    size_t records = world_records(life->world);
    if (records > RECORDS_KEPT) {
        snprintf(what, sizeof(what), "%zu records are left when all are gone",
                 records);
        if (life_wrong(life, "disk", what)) {
            story_claim(life->config->story, "records %u\n", RECORDS_KEPT);
        }
    }
    size_t each = life_memory(life) / life->shards;
    if (each <= life->memory_start + MEMORY_SLACK) return;
    snprintf(what, sizeof(what), "%zu bytes are left when all are gone",
             each - life->memory_start);
    if (life_wrong(life, "memory", what)) {
        story_claim(life->config->story, "memory %u\n",
                    MEMORY_SLACK * life->shards);
    }
}
