/* chat.c - exercise 3: all talk to all.
 *
 *     everybody publishes on house/chat/NAME and subscribes to house/chat/+
 *
 *     chat NAME      lines of standard input are said; its end says goodbye
 *
 * Here two things can happen at any time, a line or a message: so the program
 * waits for both, in a loop of its own.
 */
#include "house.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct chat {
    struct mogi_client *client;
    const char *name;
    char topic[HOUSE_TEXT_SIZE];
    char line[HOUSE_TEXT_SIZE];
    size_t size; /* of the line, as far as it was typed */
    bool over;
};

static void message_came(const struct chat *c, const struct mogi_message *m)
{
    static const char prefix[] = "house/chat/";
    char topic[HOUSE_TEXT_SIZE];
    char text[HOUSE_TEXT_SIZE];
    house_text(topic, m->topic);
    house_text(text, m->payload);
    if (strncmp(topic, prefix, sizeof prefix - 1) != 0) return;
    const char *name = topic + sizeof prefix - 1;
    /* The broker gives us our own lines too. */
    if (strcmp(name, c->name) != 0) printf("%s: %s\n", name, text);
}

static void character_came(struct chat *c, char character)
{
    bool full = c->size == sizeof c->line - 1;
    if (character != '\n') {
        if (!full) c->line[c->size++] = character;
        return;
    }
    c->line[c->size] = '\0';
    c->size = 0;
    house_publish(c->client, c->topic, c->line, 1, false);
}

static void input_read(struct chat *c)
{
    char data[HOUSE_TEXT_SIZE];
    ssize_t count = read(STDIN_FILENO, data, sizeof data);
    if (count <= 0) c->over = true;
    for (ssize_t i = 0; i < count; i++)
        character_came(c, data[i]);
}

/* All that has happened at the broker's. */
static void events_take(struct chat *c)
{
    struct mogi_event event;
    do {
        if (!house_next(c->client, 0, &event)) {
            c->over = true;
            return;
        }
        if (event.kind == MOGI_CONNECTED) {
            (void)mogi_client_subscribe_text(c->client, "house/chat/+", 1);
        } else if (event.kind == MOGI_SUBSCRIBED) {
            printf("welcome, %s\n", c->name);
        } else if (event.kind == MOGI_MESSAGE) {
            message_came(c, &event.message);
        }
    } while (event.kind != MOGI_NOTHING);
}

static void wait_for_both(struct chat *c)
{
    bool write = mogi_client_wants_write(c->client);
    struct pollfd fds[2] = {
        {.fd = mogi_client_fd(c->client),
         .events = (short)(write ? POLLIN | POLLOUT : POLLIN)},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    uint32_t wait_ms = mogi_client_wait_ms(c->client);
    int ready = poll(fds, 2, wait_ms > INT32_MAX ? -1 : (int)wait_ms);
    if (ready > 0 && fds[1].revents != 0) input_read(c);
}

int main(int argc, char **argv)
{
    struct chat c = {.size = 0};
    struct house house;
    house_options(&house, "somebody", argc, argv);
    c.name = house.name;
    char id[HOUSE_TEXT_SIZE];
    snprintf(id, sizeof id, "chat-%s", c.name);
    house_topic(c.topic, "chat", c.name);
    c.client = house_connect(&house, id, NULL, NULL);
    while (!c.over) {
        events_take(&c);
        if (!c.over) wait_for_both(&c);
    }
    house_leave(c.client);
    return 0;
}
