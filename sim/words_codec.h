/* words_codec.h - what words.c and words_codec.c share. */
#ifndef MOGI_SIM_WORDS_CODEC_H
#define MOGI_SIM_WORDS_CODEC_H

#include "sim/words.h"

/* realloc that never fails: without memory the simulator ends. */
void *words_memory(void *block, size_t size);

/* The rule of a property identifier in packets of `types`, or NULL. */
const struct field_rule *words_property(uint32_t types, uint8_t property);

/* Add a field of this rule; valid until the next one is added. */
struct field *words_field_add(struct words *words,
                              const struct field_rule *rule);

/* Give a new field a copy of `text`. */
void field_text_set(struct field *field, struct bytes text);

#endif
