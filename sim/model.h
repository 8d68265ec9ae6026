/* model.h - what must be true of a random life, whatever happened in it.
 *
 *     publisher ---- message ----> [ broker ] ----> copies at each actor
 *
 * The model hears what clients do and what they receive, in the order in which
 * they do it, and knows nothing of the broker. Each message has a number,
 * which is its payload. At once it sees: a copy for who never asked, one copy
 * too many, an order that is not the publisher's. At the end: a copy that is
 * missing.
 */
#ifndef MOGI_SIM_MODEL_H
#define MOGI_SIM_MODEL_H

#include "base/bytes.h"

enum {
    MODEL_ACTORS_MAX = 32,
    MODEL_TOPICS = 14,
    MODEL_TOPICS_SHARED = 9, /* topics from here on groups have filters for */
    MODEL_FILTERS = 11,
    MODEL_SHARED = 9, /* filters from here on are shared ones */
    MODEL_PAYLOAD_MAX = 1600,
    MODEL_BULK_MAX = 1500, /* bytes that make a payload longer, at most */
    MODEL_ERROR_MAX = 255,
    MODEL_CLAIM_MAX = 2000
};

struct model;

/* Topics and filters of this world; the index is below MODEL_TOPICS or
 * MODEL_FILTERS. One group has topics to itself, the other has not. */
const char *model_topic(unsigned topic);
const char *model_filter(unsigned filter);

/* Nothing has happened. Never NULL. Freed with model_free. */
struct model *model_new(void);
void model_free(struct model *model);

/* The first thing that was wrong, or ""; and what should be true instead, in
 * lines of a play whose clients are called actor0, actor1, ... */
const char *model_error(const struct model *model);
const char *model_claim(const struct model *model);

/* `actor` publishes a new message for the first time, with `bulk` bytes more
 * than it needs. Returns its number. */
uint32_t model_publish(struct model *model, unsigned actor, unsigned topic,
                       unsigned qos, unsigned bulk);

/* The payload of a message; its QoS and topic. */
void model_payload(const struct model *model, uint32_t message,
                   char payload[MODEL_PAYLOAD_MAX]);
unsigned model_qos(const struct model *model, uint32_t message);
unsigned model_topic_of(const struct model *model, uint32_t message);

/* Its publisher sends it again, has its acknowledgement, or a refusal. */
void model_again(struct model *model, uint32_t message);
void model_completed(struct model *model, uint32_t message);
void model_refused(struct model *model, uint32_t message);

/* The subscription is acknowledged; it is no longer sure to be there. */
void model_subscribed(struct model *model, unsigned actor, unsigned filter,
                      unsigned qos);
void model_unsubscribed(struct model *model, unsigned actor, unsigned filter);

/* Is the subscription sure to be there? */
bool model_is_subscribed(const struct model *model, unsigned actor,
                         unsigned filter);

/* A subscription is asked for: copies may come from now on, at most at `qos` or
 * what was asked for before. */
void model_subscribing(struct model *model, unsigned actor, unsigned filter,
                       unsigned qos);

/* The actor's session is gone, and all that was to come with it. */
void model_session_lost(struct model *model, unsigned actor);

/* The actor has said that its session ends, and forgotten all of it. If that is
 * not heard, or undone by a crash, what it has received may come again. */
void model_session_ended(struct model *model, unsigned actor);

/* From now on the broker may refuse what it has no room for, or stop listening
 * to who sent it: then a message may be sent again as a new one, and a member
 * that is not heard any more loses what it has to another. */
void model_short(struct model *model);

/* A crash took the actor's session, which nobody had promised to keep: what it
 * had got from a group may come to others, or to nobody. */
void model_session_broken(struct model *model, unsigned actor);

/* The broker crashed. */
void model_crashed(struct model *model);

/* The actor's connection, or its part in a group, ends. What it has heard at
 * QoS 1 may not be acknowledged, and go to another member. */
void model_actor_left(struct model *model, unsigned actor);

/* A copy came, which is not a retained one. `first`: it is no repetition. */
void model_received(struct model *model, unsigned actor, struct bytes topic,
                    struct bytes payload, unsigned qos, bool first);

/* All is quiet and everybody is connected: is anything missing? */
void model_end(struct model *model);

/* Messages published, and copies received. */
uint32_t model_message_count(const struct model *model);
uint64_t model_copy_count(const struct model *model);

#endif
