/* lamp_switch.c - exercise 1: a switch that listens to the light sensor itself.
 *
 *     sensor --- house/ROOM/light ---> broker ---> switch: on when it is dark
 *
 *     lamp_switch [ROOM]
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static bool lamp;

static void light_changed(const char *text)
{
    unsigned long lux = strtoul(text, NULL, 10);
    bool wanted = lamp ? lux <= HOUSE_BRIGHT : lux < HOUSE_DARK;
    if (wanted == lamp) return;
    lamp = wanted;
    printf("lamp %s at %lu lux\n", lamp ? "on" : "off", lux);
}

int main(int argc, char **argv)
{
    struct house house;
    house_options(&house, "bedroom", argc, argv);
    char id[HOUSE_TEXT_SIZE];
    char topic[HOUSE_TEXT_SIZE];
    snprintf(id, sizeof id, "lamp-switch-%s", house.name);
    house_topic(topic, house.name, "light");

    struct mogi_client *client = house_connect(&house, id, NULL, NULL);
    struct mogi_event event;
    while (house_next(client, -1, &event)) {
        char text[HOUSE_TEXT_SIZE];
        switch (event.kind) {
        case MOGI_CONNECTED:
            (void)mogi_client_subscribe_text(client, topic, 1);
            break;
        case MOGI_SUBSCRIBED: printf("listening to %s\n", topic); break;
        case MOGI_MESSAGE:
            house_text(text, event.message.payload);
            light_changed(text);
            break;
        default: break;
        }
    }
    mogi_client_free(client);
    return 1;
}
