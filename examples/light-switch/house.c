#include "house.h"

#include <stdio.h>
#include <stdlib.h>

enum { ONE_SECOND_MS = 1000 };

void house_options(struct house *h, const char *name, int argc, char **argv)
{
    *h = (struct house){.host = "localhost",
                        .port = 1883,
                        .pause_ms = ONE_SECOND_MS,
                        .name = name};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(word, "-s") == 0) {
            h->from_input = true;
            continue;
        }
        if (word[0] != '-') {
            h->name = word;
            continue;
        }
        if (strcmp(word, "-h") == 0) {
            h->host = value;
        } else if (strcmp(word, "-p") == 0) {
            h->port = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(word, "-i") == 0) {
            h->pause_ms = (unsigned)(strtod(value, NULL) * ONE_SECOND_MS);
        } else {
            fprintf(stderr,
                    "usage: %s [-h HOST] [-p PORT] [-i SECONDS] [-s] "
                    "[NAME]\n",
                    argv[0]);
            exit(1);
        }
        i++;
    }
}

struct mogi_client *house_connect(const struct house *h, const char *client_id,
                                  const char *will_topic, const char *will_text)
{
    /* Each line is to be seen at once, also when a program reads it. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct mogi_client_options options = mogi_client_defaults();
    options.host = h->host;
    options.port = (uint16_t)h->port;
    options.connect.client_id = mogi_text(client_id);
    struct mogi_message will = {.topic = mogi_text(will_topic),
                                .payload = mogi_text(will_text),
                                .qos = 1,
                                .retain = true};
    if (will_topic != NULL) options.connect.will = &will;

    struct mogi_client *client = mogi_client_new(&options);
    if (client == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    if (mogi_client_open(client) != MOGI_OK) {
        fprintf(stderr, "no broker on %s port %u: %s\n", h->host, h->port,
                mogi_client_error(client));
        fprintf(stderr, "start one with: mogi broker\n");
        exit(1);
    }
    return client;
}

bool house_next(struct mogi_client *client, int timeout_ms,
                struct mogi_event *event)
{
    if (mogi_client_next(client, timeout_ms, event) != MOGI_OK) return false;
    if (event->kind == MOGI_LOST) {
        fprintf(stderr, "lost the broker (%s), trying again\n",
                mogi_client_error(client));
    } else if (event->kind == MOGI_REFUSED) {
        fprintf(stderr, "the broker refuses us, reason %u\n", event->reason);
        return false;
    }
    return true;
}

void house_publish(struct mogi_client *client, const char *topic,
                   const char *text, unsigned qos, bool retain)
{
    enum mogi_error e =
        mogi_client_publish_text(client, topic, text, qos, retain);
    if (e == MOGI_OK) return;
    fprintf(stderr, "cannot publish on %s: %s\n", topic, mogi_error_text(e));
    exit(1);
}

void house_leave(struct mogi_client *client)
{
    struct mogi_event event;
    struct mogi_bytes none = {NULL, 0};
    while (mogi_client_unsettled(client) > 0) {
        if (!house_next(client, ONE_SECOND_MS, &event)) break;
    }
    (void)mogi_client_close(client, 0, none, ONE_SECOND_MS);
    mogi_client_free(client);
}

void house_topic(char topic[HOUSE_TEXT_SIZE], const char *room,
                 const char *thing)
{
    snprintf(topic, HOUSE_TEXT_SIZE, "house/%s/%s", room, thing);
}

void house_text(char text[HOUSE_TEXT_SIZE], struct mogi_bytes payload)
{
    snprintf(text, HOUSE_TEXT_SIZE, "%.*s", (int)payload.size,
             (const char *)payload.data);
}

bool house_room(const struct mogi_message *m, const char *thing,
                char room[HOUSE_TEXT_SIZE])
{
    static const char prefix[] = "house/";
    char topic[HOUSE_TEXT_SIZE];
    char whole[HOUSE_TEXT_SIZE];
    house_text(topic, m->topic);
    if (strncmp(topic, prefix, sizeof prefix - 1) != 0) return false;
    snprintf(room, HOUSE_TEXT_SIZE, "%s", topic + sizeof prefix - 1);
    char *end = strchr(room, '/');
    if (end == NULL) return false;
    *end = '\0';
    house_topic(whole, room, thing);
    return strcmp(whole, topic) == 0;
}
