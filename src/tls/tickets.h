/* tickets.h - the keys under which clients keep their sessions for us.
 *
 * A ticket is a session that the client holds, encrypted under a key that only
 * we know. All threads share the keys, and they outlive the certificate: so a
 * client may resume on any thread, and after a reload. A key makes tickets for
 * TICKETS_LIFE_S, and reads them for as long again.
 *
 * Counted; any thread.
 */
#ifndef MOGI_TLS_TICKETS_H
#define MOGI_TLS_TICKETS_H

#include <openssl/evp.h>
#include <stdint.h>

enum { TICKETS_LIFE_S = 2 * 3600, TICKETS_NAME_SIZE = 16 };

struct tickets;

/* New keys; one reference. NULL when there is no memory or no randomness. */
struct tickets *tickets_new(void);

/* One more reference; returns `tickets`. */
struct tickets *tickets_ref(struct tickets *tickets);

/* One reference less; with the last one the keys are wiped. NULL is fine. */
void tickets_unref(struct tickets *tickets);

/* Prepare to encrypt a ticket, or to decrypt one, as OpenSSL asks its
 * callback of SSL_CTX_set_tlsext_ticket_key_evp_cb.
 *
 *   name   of the key: received, or written
 *   iv     likewise; EVP_MAX_IV_LENGTH bytes
 *   now_s  Unix time
 *
 * 1: done; 2: done, and the client should get a new ticket; 0: no such key;
 * -1: it failed. */
int tickets_use(struct tickets *tickets, unsigned char name[TICKETS_NAME_SIZE],
                unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                int encrypt, int64_t now_s);

#endif
