/* life.c - what all who take part in a random life need. */
#include "sim/life.h"

#include "sim/words_codec.h"

#include <stdio.h>

uint64_t life_below(struct life *life, uint64_t bound)
{
    return rng_below(&life->rng, bound);
}

bool life_chance(struct life *life, uint64_t parts, uint64_t whole)
{
    return rng_chance(&life->rng, parts, whole);
}

bool life_wrong(struct life *life, const char *who, const char *what)
{
    if (life->error[0] != 0) return false;
    snprintf(life->error, sizeof(life->error), "%s: %.400s", who, what);
    return true;
}

void life_greet(struct life *life, struct client *client, bool clean)
{
    struct words *words = words_new(PACKET_CONNECT);
    words_number_add(words, "v", 4);
    words_text_add(words, "id", bytes_of(client->name));
    words_number_add(words, "clean", clean);
    client_open(client, 4);
    story_packet(life->config->story, client->name, false, words);
    client_connect(client, words);
    words_free(words);
}

void life_say(struct life *life, struct client *client, struct words *words)
{
    story_packet(life->config->story, client->name, false, words);
    client_say(client, words);
    words_free(words);
}

struct wills *life_wills(struct life *life)
{
    wills_now(life->wills, world_now(life->world));
    return life->wills;
}

size_t life_memory(const struct life *life)
{
    size_t sum = 0;
    for (uint16_t i = 0; i < life->shards; i++) {
        sum += world_bytes(life->world, i);
    }
    return sum;
}
