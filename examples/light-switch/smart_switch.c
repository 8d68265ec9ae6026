/* smart_switch.c - exercise 2: a switch that does as it is told, and says so.
 *
 *     house/ROOM/switch/set     "on", "off": it obeys
 *     house/ROOM/switch/state   "on", "off": it reports; retained, so that who
 *                               comes later knows at once
 *     house/ROOM/switch/online  "yes", "no"; retained. It says "yes" itself;
 *                               "no" is its last will: the broker says it when
 *                               the switch falls silent
 *
 *     smart_switch [ROOM]
 */
#include "house.h"

#include <stdio.h>

struct smart_switch {
    struct mogi_client *client;
    char set[HOUSE_TEXT_SIZE];
    char state[HOUSE_TEXT_SIZE];
    char online[HOUSE_TEXT_SIZE];
    bool lamp;
};

static void state_report(struct smart_switch *s)
{
    const char *text = s->lamp ? "on" : "off";
    house_publish(s->client, s->state, text, 1, true);
    printf("lamp %s\n", text);
}

static void told(struct smart_switch *s, const char *text)
{
    bool on = strcmp(text, "on") == 0;
    if (!on && strcmp(text, "off") != 0) {
        printf("what is \"%s\"?\n", text);
        return;
    }
    s->lamp = on;
    state_report(s);
}

int main(int argc, char **argv)
{
    struct smart_switch s = {.lamp = false};
    struct house house;
    house_options(&house, "bedroom", argc, argv);
    char id[HOUSE_TEXT_SIZE];
    snprintf(id, sizeof id, "smart-switch-%s", house.name);
    house_topic(s.set, house.name, "switch/set");
    house_topic(s.state, house.name, "switch/state");
    house_topic(s.online, house.name, "switch/online");

    s.client = house_connect(&house, id, s.online, "no");
    struct mogi_event event;
    while (house_next(s.client, -1, &event)) {
        char text[HOUSE_TEXT_SIZE];
        switch (event.kind) {
        case MOGI_CONNECTED:
            (void)mogi_client_subscribe_text(s.client, s.set, 1);
            break;
        case MOGI_SUBSCRIBED:
            house_publish(s.client, s.online, "yes", 1, true);
            state_report(&s);
            break;
        case MOGI_MESSAGE:
            house_text(text, event.message.payload);
            told(&s, text);
            break;
        default: break;
        }
    }
    mogi_client_free(s.client);
    return 1;
}
