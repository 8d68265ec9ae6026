/* watch.c - see watch.h. The control sequences are those of ECMA-48. */
#include "cli/watch.h"

#include <stdlib.h>

enum { FIRST_LINE = 2 }; /* below the broker's */

void watch_fini(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->topics[i].text);
    w->count = 0;
}

void watch_begin(FILE *to, const char *broker)
{
    (void)fprintf(to, "\033[2J\033[1;1HBroker: %s\n", broker);
}

static bool is_topic(const struct watch_topic *t, struct mogi_bytes topic)
{
    return t->size == topic.size && memcmp(t->text, topic.data, t->size) == 0;
}

/* Where `topic` stands among the topics; a new one is the last. */
static size_t place_of(struct watch *w, struct mogi_bytes topic)
{
    size_t place = 0;
    while (place < w->count && !is_topic(&w->topics[place], topic))
        place += 1;
    if (place < w->count || place == WATCH_TOPICS_MAX) return place;
    uint8_t *text = malloc(topic.size + 1);
    if (text == NULL) return place;
    memcpy(text, topic.data, topic.size);
    w->topics[place] = (struct watch_topic){text, topic.size};
    w->count += 1;
    return place;
}

void watch_go(struct watch *w, FILE *to, struct mogi_bytes topic)
{
    (void)fprintf(to, "\033[%zu;1H\033[K", FIRST_LINE + place_of(w, topic));
}

void watch_leave(const struct watch *w, FILE *to)
{
    bool shared = w->count == WATCH_TOPICS_MAX;
    (void)fprintf(to, "\033[%zu;1H", FIRST_LINE + w->count + shared);
}
