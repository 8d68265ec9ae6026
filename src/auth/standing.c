/* standing.c - see standing.h. */
#include "auth/standing.h"

#include "base/hash.h"

#include <assert.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

enum { PARTS_MAX = 8 };

static struct hash_key key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void key_draw(void)
{
    if (RAND_bytes((uint8_t *)&key, sizeof key) != 1) abort();
}

uint64_t standing_of(const struct bytes *parts, size_t count)
{
    uint64_t hashes[PARTS_MAX];
    assert(count <= PARTS_MAX);
    (void)pthread_once(&once, key_draw);
    for (size_t i = 0; i < count; i++)
        hashes[i] = hash_bytes(&key, parts[i]);
    uint64_t number =
        hash_bytes(&key, bytes_at(hashes, count * sizeof *hashes));
    return number != 0 ? number : 1;
}

static int number_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void standing_sort(uint64_t *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, number_compare);
}

bool standing_has(const uint64_t *numbers, size_t count, uint64_t number)
{
    return count > 0 && bsearch(&number, numbers, count, sizeof *numbers,
                                number_compare) != NULL;
}
