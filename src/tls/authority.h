/* authority.h - a CA in a folder, which makes certificates for a laboratory or
 * a house.
 *
 *     ca.crt  ca.key  ca.crl        whom all trust; its key; the revoked
 *     server.crt  server.key        made by tls_authority_init's caller
 *     servers/HOST.crt  .key        for further servers
 *     clients/NAME.crt  .key        for clients: NAME is what the broker sees
 *     issued/SERIAL.crt             a copy of each certificate it ever made
 *
 * Keys are readable by their owner alone, and the folder is its owner's alone.
 */
#ifndef MOGI_TLS_AUTHORITY_H
#define MOGI_TLS_AUTHORITY_H

#include "tls/issue.h"

#include <stdbool.h>
#include <stddef.h>

enum { TLS_PATH_SIZE = 4096, TLS_HOSTS_MAX = 100, TLS_HOSTS_SIZE = 1024 };

struct tls_authority;

/* What of a certificate is chosen by who asks for one. */
struct tls_wish {
    enum tls_purpose purpose;
    enum tls_key_kind key;
    const char *name;         /* CN, and name of the files */
    const char *const *hosts; /* of a server */
    size_t host_count;
    unsigned days;
    bool is_main; /* server.crt, not servers/NAME.crt */
    bool replace; /* files that are there already */
};

/* Where something was written, and until when it is good. */
struct tls_made {
    char cert[TLS_PATH_SIZE];
    char key[TLS_PATH_SIZE];
    int64_t until_s; /* Unix time */
};

/* Make the folder and a CA in it, with a list of revoked certificates that is
 * empty and as long valid as the CA itself: brokers refuse everybody once a
 * list is out of date.
 *
 *   now_s    Unix time
 *   replace  a CA that is there already: what it has signed is then worthless
 *   out      receives the CA; freed with tls_authority_free
 *
 * OK, or ERR_CONFIG, ERR_IO, ERR_NO_MEMORY: `t` says why. */
MUST_USE
enum err tls_authority_init(const char *folder, enum tls_key_kind key,
                            unsigned days, int64_t now_s, bool replace,
                            struct tls_authority **out, struct tls_trouble *t);

/* Open a CA that is there. As tls_authority_init. */
MUST_USE
enum err tls_authority_open(const char *folder, struct tls_authority **out,
                            struct tls_trouble *t);

/* Close it; NULL is fine. */
void tls_authority_free(struct tls_authority *a);

/* Make a key and a certificate. It ends with the CA's at the latest.
 * OK, or ERR_CONFIG, ERR_IO: `t` says why; existing files are then as they
 * were. */
MUST_USE
enum err tls_authority_issue(struct tls_authority *a,
                             const struct tls_wish *wish, int64_t now_s,
                             struct tls_made *made, struct tls_trouble *t);

/* Trust no certificate with this CN any more, of server or client, also those
 * whose files were replaced since.
 *
 *   count  receives how many are revoked now that were not before
 *
 * OK, or ERR_CONFIG, ERR_IO: `t` says why. */
MUST_USE
enum err tls_authority_revoke(struct tls_authority *a, const char *name,
                              int64_t now_s, size_t *count,
                              struct tls_trouble *t);

/* One certificate that it has made. */
struct tls_issued {
    enum tls_purpose purpose;
    bool revoked;
    int64_t from_s;
    int64_t until_s;
    char name[TLS_NAME_MAX + 1];
    char hosts[TLS_HOSTS_SIZE]; /* "localhost, 127.0.0.1", cut at the end */
};

/* Give each to `take`, the CA's own first, the others by name and then by age.
 * OK, or ERR_IO, ERR_NO_MEMORY: `t` says why. */
MUST_USE
enum err tls_authority_list(struct tls_authority *a,
                            void (*take)(void *context,
                                         const struct tls_issued *one),
                            void *context, struct tls_trouble *t);

#endif
