/* iot_server.c - exercise 2: the one who decides, for all rooms at once.
 *
 *     sensor -- light --> server -- switch/set --> switch
 *                           ^                         |
 *                           +----- switch/state ------+
 *
 * It is a client of the broker like the others. It remembers what it last told
 * each switch, so that it does not repeat itself.
 *
 *     iot_server
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOMS_MAX = 16 };

struct room {
    char name[HOUSE_TEXT_SIZE];
    bool lamp; /* as it was told to be */
};

static struct room rooms[ROOMS_MAX];
static size_t room_count;

/* The room of that name, a new one if need be; NULL: the house is full. */
static struct room *room_find(const char *name)
{
    for (size_t i = 0; i < room_count; i++) {
        if (strcmp(rooms[i].name, name) == 0) return &rooms[i];
    }
    if (room_count == ROOMS_MAX) return NULL;
    struct room *room = &rooms[room_count++];
    snprintf(room->name, sizeof room->name, "%s", name);
    return room;
}

static void light_came(struct mogi_client *client, const char *name,
                       const char *text)
{
    struct room *room = room_find(name);
    if (room == NULL) return;
    unsigned long lux = strtoul(text, NULL, 10);
    bool wanted = room->lamp ? lux <= HOUSE_BRIGHT : lux < HOUSE_DARK;
    if (wanted == room->lamp) return;
    room->lamp = wanted;
    char topic[HOUSE_TEXT_SIZE];
    house_topic(topic, name, "switch/set");
    house_publish(client, topic, wanted ? "on" : "off", 1, false);
    printf("%s: %lu lux, switch %s\n", name, lux, wanted ? "on" : "off");
}

static void message_came(struct mogi_client *client,
                         const struct mogi_message *m)
{
    char room[HOUSE_TEXT_SIZE];
    char text[HOUSE_TEXT_SIZE];
    house_text(text, m->payload);
    if (house_room(m, "light", room)) {
        light_came(client, room, text);
    } else if (house_room(m, "switch/state", room)) {
        printf("%s: the lamp is %s\n", room, text);
    } else if (house_room(m, "switch/online", room)) {
        bool there = strcmp(text, "yes") == 0;
        printf("%s: the switch is %s\n", room, there ? "there" : "gone");
    }
}

static void subscribe(struct mogi_client *client)
{
    /* + stands for any one level: every room. */
    struct mogi_filter filters[] = {
        {.filter = mogi_text("house/+/light"), .qos = 1},
        {.filter = mogi_text("house/+/switch/state"), .qos = 1},
        {.filter = mogi_text("house/+/switch/online"), .qos = 1},
    };
    struct mogi_bytes none = {NULL, 0};
    (void)mogi_client_subscribe(client, filters, 3, none, NULL);
}

int main(int argc, char **argv)
{
    struct house house;
    house_options(&house, "", argc, argv);
    struct mogi_client *client =
        house_connect(&house, "iot-server", NULL, NULL);
    struct mogi_event event;
    while (house_next(client, -1, &event)) {
        switch (event.kind) {
        case MOGI_CONNECTED: subscribe(client); break;
        case MOGI_SUBSCRIBED: printf("at your service\n"); break;
        case MOGI_MESSAGE: message_came(client, &event.message); break;
        default: break;
        }
    }
    mogi_client_free(client);
    return 1;
}
