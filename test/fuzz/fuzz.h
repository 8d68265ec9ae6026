/* fuzz.h - what the fuzz targets share.
 *
 * A target is LLVMFuzzerTestOneInput, which gets any bytes at all and aborts
 * when a promise is broken. Linked with libFuzzer it looks for such bytes; with
 * replay.c it plays the files it is given. Most targets read their input as a
 * little program, with a `struct reader`: what is not there is zero.
 */
#ifndef MOGI_FUZZ_H
#define MOGI_FUZZ_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "base/pool.h"

#include <stdio.h>
#include <stdlib.h>

#define FUZZ_UNUSED __attribute__((unused))

/* `cond` is promised, whatever the input. */
#define PROMISE(cond)                                                          \
    do {                                                                       \
        if (!(cond)) fuzz_fail(#cond, __FILE__, __LINE__);                     \
    } while (0)

/* The target; 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) FUZZ_UNUSED static void fuzz_fail(const char *text,
                                                            const char *file,
                                                            int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    abort();
}

static const struct hash_key fuzz_key = {0x0123456789abcdef, 42};

FUZZ_UNUSED static void *fuzz_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

/* A pool on the C library's memory, so that the sanitizers see every block. */
FUZZ_UNUSED static struct pool *fuzz_pool(void)
{
    struct pool *pool = pool_new((struct memory){fuzz_grow, NULL}, 0);
    if (pool == NULL) abort();
    return pool;
}

/* 0..below-1, out of one byte. */
FUZZ_UNUSED static unsigned fuzz_below(struct reader *in, unsigned below)
{
    return read_u8(in) % below;
}

/* The next `size` bytes, or as many as there are. */
FUZZ_UNUSED static struct bytes fuzz_bytes(struct reader *in, size_t size)
{
    size_t left = reader_left(in);
    return read_bytes(in, size < left ? size : left);
}

/* `b` in a block of its own, so that reading past its end is caught; for
 * free(). */
FUZZ_UNUSED static uint8_t *fuzz_copy(struct bytes b)
{
    uint8_t *copy = malloc(b.size == 0 ? 1 : b.size);
    if (copy == NULL) abort();
    if (b.size > 0) memcpy(copy, b.data, b.size);
    return copy;
}

enum { FUZZ_TEXT_MAX = 64 };

/* A topic name (or, with `wild`, filter) of few levels out of few words, so
 * that they meet; maybe not a valid one. Into `text` of FUZZ_TEXT_MAX bytes. */
FUZZ_UNUSED static struct bytes fuzz_text(struct reader *in, char *text,
                                          bool wild)
{
    static const char *const WORDS[] = {"a",        "b",      "",  "$s",
                                        "\xc3\xa9", "longer", "#", "+"};
    size_t size = 0;
    unsigned shape = read_u8(in);
    for (unsigned levels = 1 + shape % 4; levels > 0; levels--) {
        const char *word = WORDS[fuzz_below(in, wild ? 8 : 6)];
        int more = snprintf(text + size, FUZZ_TEXT_MAX - size, "%s%s", word,
                            levels > 1 ? "/" : "");
        size += (size_t)more;
    }
    return bytes_at(text, size);
}

/* `b` as filetext_read would have it: for filetext_free(). */
FUZZ_UNUSED static struct bytes fuzz_file(struct bytes b)
{
    uint8_t *copy = malloc(b.size + 1);
    if (copy == NULL) abort();
    if (b.size > 0) memcpy(copy, b.data, b.size);
    copy[b.size] = 0;
    return bytes_at(copy, b.size);
}

#endif
