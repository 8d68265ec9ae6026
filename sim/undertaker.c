/* undertaker.c - who gets all wills of a random life, and says so. */
#include "sim/life.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char name[] = "undertaker";

void undertaker_begin(struct life *life)
{
    life->undertaker = client_new(life->world, name);
    life_greet(life, life->undertaker, false);
    struct words *words = words_new(PACKET_SUBSCRIBE);
    words_number_add(words, "pid", 1);
    words_text_add(words, "filter", bytes_of("w/#"));
    words_number_add(words, "qos", 2);
    life_say(life, life->undertaker, words);
    world_settle(life->world);
    (void)undertaker_read(life);
}

void undertaker_lost(struct life *life)
{
    if (life->undertaker == NULL) return;
    client_hang_up(life->undertaker, true);
}

void undertaker_return(struct life *life)
{
    if (life->undertaker != NULL) life_greet(life, life->undertaker, false);
}

/* "w/ACTOR", and the number of the will. */
static void hear_will(struct life *life, const struct words *packet)
{
    char text[16] = {0};
    struct bytes topic = words_text(packet, "topic");
    unsigned long number = actor_value(words_text(packet, "payload"));
    bool dup = words_number(packet, "dup", 0) != 0;
    if (packet->again || dup) return;
    if (topic.size < 3 || topic.size >= sizeof(text)) {
        (void)life_wrong(life, name, "gets what it never asked for");
        return;
    }
    memcpy(text, topic.data, topic.size);
    wills_came(life_wills(life), (unsigned)strtoul(text + 2, NULL, 10),
               (uint32_t)number);
}

bool undertaker_read(struct life *life)
{
    struct client *client = life->undertaker;
    if (client == NULL) return false;
    bool read = client_read(client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        if (packet->type == PACKET_PUBLISH) hear_will(life, packet);
        words_free(packet);
    }
    /* A jump in time may have cost it the connection that it had begun. */
    if (client->cable.v != 0 && world_closed(life->world, client->cable)) {
        if (!life->jumped) (void)life_wrong(life, name, "was closed");
        life_greet(life, life->undertaker, false);
    }
    if (client->error[0] != 0) (void)life_wrong(life, name, client->error);
    if (wills_error(life->wills)[0] != 0 &&
        life_wrong(life, "model", wills_error(life->wills))) {
        story_claim(life->config->story, "%s", wills_claim(life->wills));
    }
    return read;
}

void undertaker_check(struct life *life)
{
    bool late = life->held || life->failing || life->loads != LOADS_WORK;
    /* Its queue is on disk too, and what failed is tried again later. */
    late = late || world_now(life->world) < life->loads_ms;
    if (life->undertaker == NULL || late) return;
    wills_end(life_wills(life));
    (void)undertaker_read(life);
}

void undertaker_end(struct life *life)
{
    if (life->undertaker == NULL) return;
    undertaker_check(life);
    life_greet(life, life->undertaker, true);
    world_settle(life->world);
    story_tell(life->config->story, "close %s", name);
    client_hang_up(life->undertaker, false);
    client_free(life->undertaker);
    life->undertaker = NULL;
}
