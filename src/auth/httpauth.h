/* httpauth.h - the method that asks a web server whether a user name and a
 * password are right, and what the client may do.
 *
 *     begin: cached? --> ACCEPT
 *            else POST (httpform.h), LATER --> httpreply.h --> ACCEPT, REFUSE
 *                                                              or PASS
 */
#ifndef MOGI_AUTH_HTTPAUTH_H
#define MOGI_AUTH_HTTPAUTH_H

#include "auth/httpform.h"
#include "auth/httpworker.h"
#include "auth/method.h"

/* Texts are copied. */
struct httpauth_options {
    struct httpworker_options worker; /* content_type is set here */
    enum httpform_kind format;
    const char *fields; /* NULL or "": HTTPFORM_FIELDS */
    bool status_only;   /* 2xx lets in, whatever the body says */
    bool down_pass;     /* no answer: ask the next method, do not refuse */
    uint32_t cache_s;   /* how long "allow" is remembered; 0: not at all */
};

/* A method by `options`, with a thread of its own. As httpworker_new and
 * httpform_read.
 *
 * Clients without user name, and those with an authentication method, are
 * passed on. A server that is down or broken gets a client refused with
 * ERR_UNAVAILABLE, unless `down_pass`. */
MUST_USE
enum err httpauth_open(const struct httpauth_options *options,
                       struct auth_method *out, struct fault *fault);

#endif
