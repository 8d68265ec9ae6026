/* jwt.h - what a token says about its bearer. RFC 7519
 *
 * Signed, so its claims are true; whether they are for us, and for now, is
 * judged here.
 */
#ifndef MOGI_AUTH_JWT_H
#define MOGI_AUTH_JWT_H

#include "auth/jws.h"

enum { JWT_USER_BYTES_MAX = 1024 };

/* What the operator asks of a token. */
struct jwt_rules {
    const char *issuer;     /* `iss` has to be this; NULL: anything */
    const char *audience;   /* `aud` has to be or hold this; NULL: there must
                               be none. RFC 7519, 4.1.3 */
    const char *user_claim; /* which one is the user's name: "sub" */
    const char *acl_claim;  /* which one holds rules, or NULL */
    uint32_t leeway_s;      /* how far clocks may be apart */
    bool expiry_optional;   /* a token may be good for ever */
};

struct jwt {
    char user[JWT_USER_BYTES_MAX + 1];
    uint64_t expires_s;    /* Unix time, leeway included; 0: never */
    const struct jwk *key; /* that signed it; of the keyring */
    cJSON *claims;         /* all of them */
    const cJSON *acl;      /* the claim with rules, within `claims`; or NULL */
};

/* Judge the token `text` at Unix time `now_s`.
 *
 * NULL: it is good, and `out` is given back with jwt_fini. Else why not, a
 * sentence part in static memory, and there is nothing to give back. */
const char *jwt_judge(struct bytes text, const struct keyring *keyring,
                      const struct jwt_rules *rules, uint64_t now_s,
                      struct jwt *out);

/* A token that says `claims`, an object, signed with `key`, of which a private
 * half or a secret is there. NULL: OpenSSL cannot, or there is no memory. Freed
 * with free(). */
char *jwt_make(const struct jwk *key, const cJSON *claims);

/* Give back what it owns; one that is all zero is fine. */
void jwt_fini(struct jwt *jwt);

#endif
