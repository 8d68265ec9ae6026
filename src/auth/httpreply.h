/* httpreply.h - what a web server says about a client.
 *
 *     200, 204  with no body, "ok" or "allow"       let it in
 *     200       {"result": "allow", ...}            let it in
 *     200       {"result": "deny"}                  do not
 *     200       {"result": "ignore"}                ask the next method
 *     200       {"ok": true}, {"ok": false}         as mosquitto-go-auth has it
 *     4xx       but for 407, 408 and 429            do not
 *     all else                                      the server is broken
 *
 * What is broken never lets anybody in: neither the page of a proxy, which
 * comes with 200, nor a redirect. With "allow" may come
 *
 *     "acl": [...]            rules of its own: acljson.h
 *     "is_superuser": true    all topics, in place of rules
 *     "expire_at": 1700000000 when it has to leave, Unix time in s
 *
 * as in EMQX 5. Other members are not looked at.
 */
#ifndef MOGI_AUTH_HTTPREPLY_H
#define MOGI_AUTH_HTTPREPLY_H

#include "core/acl.h"

enum httpreply_verdict {
    HTTPREPLY_ALLOW,
    HTTPREPLY_DENY,
    HTTPREPLY_IGNORE,
    HTTPREPLY_BROKEN
};

enum { HTTPREPLY_BYTES_MAX = 256 * 1024 };

struct httpreply {
    enum httpreply_verdict verdict;
    const char *reason;    /* DENY, BROKEN: a sentence part, static memory */
    const struct acl *acl; /* ALLOW: one reference, or NULL */
    uint64_t expires_s;    /* ALLOW: Unix time, or 0 */
};

/* Read an answer with HTTP status `status` at Unix time `now_s`. With
 * `status_only` the body of a 2xx is not looked at. */
void httpreply_read(long status, struct bytes body, bool status_only,
                    uint64_t now_s, struct httpreply *out);

/* Give back its rules. */
void httpreply_fini(struct httpreply *reply);

#endif
