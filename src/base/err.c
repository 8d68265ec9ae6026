/* err.c - the columns of ERR_LIST, each as a table. */
#include "base/err.h"

#include <assert.h>
#include <stddef.h>

static const uint8_t CODES[] = {
#define X(name, code, text) [name] = (code),
    ERR_LIST(X)
#undef X
};

static const char *const TEXTS[] = {
#define X(name, code, text) [name] = (text),
    ERR_LIST(X)
#undef X
};

static const char *const NAMES[] = {
#define X(name, code, text) [name] = #name,
    ERR_LIST(X)
#undef X
};

enum { ERR_COUNT = sizeof CODES / sizeof CODES[0] };

uint8_t err_code(enum err e)
{
    assert((size_t)e < ERR_COUNT);
    return CODES[e];
}

const char *err_text(enum err e)
{
    assert((size_t)e < ERR_COUNT);
    return TEXTS[e];
}

const char *err_name(enum err e)
{
    assert((size_t)e < ERR_COUNT);
    return NAMES[e];
}
