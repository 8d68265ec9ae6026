/* fault.h - why something that an operator wrote cannot be used: a sentence
 * part for behind a colon, which says what to do where that is not plain. */
#ifndef MOGI_AUTH_FAULT_H
#define MOGI_AUTH_FAULT_H

#include "base/err.h"

enum { FAULT_TEXT_MAX = 320 };

struct fault {
    char text[FAULT_TEXT_MAX]; /* "" while there is none */
};

/* Say it, as by printf, cut to FAULT_TEXT_MAX. Returns `e`, so that a function
 * can fail and say why in one line. */
MUST_USE
enum err fault_set(struct fault *fault, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "PREFIX: " in front of what is said already. */
void fault_prefix(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
