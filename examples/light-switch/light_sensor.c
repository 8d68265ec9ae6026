/* light_sensor.c - measures the light in a room and publishes it.
 *
 *     light_sensor [ROOM]      an evening and a morning, made up
 *     light_sensor -s [ROOM]   readings from standard input, one a line
 *
 * It publishes and never subscribes: it does not know who listens, nor whether
 * anybody does.
 */
#include "house.h"

#include <stdio.h>

/* Lux; the same every time, so that what follows is the same every time. */
static const unsigned evening_and_morning[] = {420, 260, 140, 90,  40, 120,
                                               30,  110, 160, 300, 500};

enum { COUNT = sizeof evening_and_morning / sizeof evening_and_morning[0] };

/* The next reading; false when there is none. */
static bool light_read(const struct house *h, unsigned index, unsigned *lux)
{
    char line[HOUSE_TEXT_SIZE];
    if (h->from_input) {
        if (fgets(line, sizeof line, stdin) == NULL) return false;
        return sscanf(line, "%u", lux) == 1;
    }
    if (index == COUNT) return false;
    *lux = evening_and_morning[index];
    return true;
}

/* Serve the connection for a while. */
static void pause_for(struct mogi_client *client, unsigned pause_ms)
{
    struct mogi_event event;
    do {
        if (!house_next(client, (int)pause_ms, &event)) return;
    } while (event.kind != MOGI_NOTHING);
}

int main(int argc, char **argv)
{
    struct house house;
    house_options(&house, "bedroom", argc, argv);
    char id[HOUSE_TEXT_SIZE];
    char topic[HOUSE_TEXT_SIZE];
    snprintf(id, sizeof id, "light-sensor-%s", house.name);
    house_topic(topic, house.name, "light");

    struct mogi_client *client = house_connect(&house, id, NULL, NULL);
    unsigned lux;
    for (unsigned i = 0; light_read(&house, i, &lux); i++) {
        char text[HOUSE_TEXT_SIZE];
        snprintf(text, sizeof text, "%u", lux);
        /* QoS 1: the broker says that it has it. */
        house_publish(client, topic, text, 1, false);
        printf("%s %s\n", topic, text);
        pause_for(client, house.pause_ms);
    }
    house_leave(client);
    return 0;
}
