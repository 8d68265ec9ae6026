/* value.h - what an operator writes behind a key, made into a value.
 *
 * Each returns NULL when `text` is one, else a sentence part that says what is
 * expected ("a whole number"); the result is then unchanged. */
#ifndef MOGI_BROKER_VALUE_H
#define MOGI_BROKER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "true" or "false"; also yes, no, on, off, 1, 0; any case. */
const char *value_bool(const char *text, bool *out);

/* A whole number, decimal, without sign. */
const char *value_number(const char *text, uint64_t *out);

/* A number of s, or of hours, days, weeks, months, years: "12h", "2w"; out is
 * in s. A month has 30 days, a year 365. */
const char *value_duration(const char *text, uint32_t *out);

/* The index of the word `text` among `words`, separated by single spaces. */
const char *value_word(const char *text, const char *words, uint64_t *out);

/* How many letters must be put in, left out, changed or swapped with the next
 * to make `a` into `b`. Words longer than 63 letters count as far apart. */
unsigned value_distance(const char *a, const char *b);

#endif
