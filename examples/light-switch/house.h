/* house.h - what all programs of this folder have in common: they connect to
 * one broker, and print a line for what happens.
 */
#ifndef HOUSE_H
#define HOUSE_H

#include "mogi/client.h"

/* Lux. A lamp goes on when it gets darker than the first, and off only when it
 * gets brighter than the second: between the two nothing changes, so that a
 * cloud does not make it flicker. */
enum { HOUSE_DARK = 100, HOUSE_BRIGHT = 150 };

enum { HOUSE_TEXT_SIZE = 128 };

struct house {
    const char *host;  /* -h HOST */
    unsigned port;     /* -p PORT */
    unsigned pause_ms; /* -i SECONDS: between two readings */
    bool from_input;   /* -s: readings come from standard input */
    const char *name;  /* the first other word: a room or a person */
};

/* Read the command line; `name` is what h->name is without one. */
void house_options(struct house *h, const char *name, int argc, char **argv);

/* A client with the given id. When it disappears without saying goodbye, the
 * broker publishes `will_text` on `will_topic` and keeps it (both may be NULL).
 * Ends the program when the broker cannot be reached. */
struct mogi_client *house_connect(const struct house *h, const char *client_id,
                                  const char *will_topic,
                                  const char *will_text);

/* Wait for the next event; says on standard error when the connection is lost.
 * `timeout_ms` as for mogi_client_next. False: it is over. */
bool house_next(struct mogi_client *client, int timeout_ms,
                struct mogi_event *event);

/* Publish, or end the program with a sentence. */
void house_publish(struct mogi_client *client, const char *topic,
                   const char *text, unsigned qos, bool retain);

/* Let all that was published leave and be acknowledged, then disconnect. */
void house_leave(struct mogi_client *client);

/* "house/ROOM/THING" into `topic`. */
void house_topic(char topic[HOUSE_TEXT_SIZE], const char *room,
                 const char *thing);

/* A copy of a payload as a C string, cut to fit. */
void house_text(char text[HOUSE_TEXT_SIZE], struct mogi_bytes payload);

/* Is the topic of `m` exactly "house/ROOM/THING", for whatever ROOM? Then
 * `room` receives it. */
bool house_room(const struct mogi_message *m, const char *thing,
                char room[HOUSE_TEXT_SIZE]);

#endif
