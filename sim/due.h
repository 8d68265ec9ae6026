/* due.h - what the mirror says must come, beside what came, and in words. */
#ifndef MOGI_SIM_DUE_H
#define MOGI_SIM_DUE_H

#include "sim/mirror.h"
#include "sim/words.h"

enum {
    DUE_PAYLOAD_BYTES = MIRROR_LARGE_BYTES + 16,
    DUE_TEXT_BYTES = 2 * DUE_PAYLOAD_BYTES,
    DUE_ANSWER_BYTES = 128
};

/* The payload of a message: its number, made longer if it is a large one. */
struct bytes due_payload(const struct mirror_message *m,
                         char text[DUE_PAYLOAD_BYTES]);

/* Is `packet` this PUBLISH or PUBREL, on a connection of `version`? */
bool due_same(const struct mirror_flow *flow, unsigned version,
              const struct words *packet);

/* The PUBLISH or PUBREL that is due, in words; freed with words_free. */
struct words *due_words(const struct mirror_flow *flow, unsigned version);

/* Is `packet` this answer? */
bool due_answer_same(const struct mirror_answer *answer,
                     const struct words *packet);

/* An answer as plays write it. */
void due_answer_write(const struct mirror_answer *answer,
                      char text[DUE_ANSWER_BYTES]);

#endif
