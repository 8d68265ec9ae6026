/* psk.h - a file of keys that are shared with clients beforehand.
 *
 *     # a comment
 *     identity:00112233445566778899aabbccddeeff
 *
 * As Mosquitto's psk_file. Immutable once it is read; the keys are wiped when
 * it is freed.
 */
#ifndef MOGI_TLS_PSK_H
#define MOGI_TLS_PSK_H

#include "base/bytes.h"
#include "base/err.h"
#include "tls/explain.h"

#include <stddef.h>

enum {
    /* What OpenSSL takes: characters of an identity, bytes of a key. */
    PSK_IDENTITY_MAX = 256,
    PSK_KEY_MAX = 512,

    /* Identities in one file. */
    PSK_COUNT_MAX = 1000000
};

struct psk;

/* Read the file at `path` into `*out`. ERR_CONFIG: it cannot be read, or a
 * line of it is wrong; `trouble` says which. ERR_NO_MEMORY. */
MUST_USE
enum err psk_new(const char *path, struct psk **out,
                 struct trouble_text *trouble);

/* Wipe and free; NULL is fine. */
void psk_free(struct psk *psk);

/* The key of `identity`, or no bytes: it is unknown. */
struct bytes psk_find(const struct psk *psk, const char *identity);

/* How many identities there are. */
size_t psk_count(const struct psk *psk);

#endif
