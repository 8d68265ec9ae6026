/* request.h - what a client shows to be let in, as the core read it from its
 * CONNECT or AUTH packet. MQTT 5.0, 3.1.3, 3.15
 *
 * One block of memory with all bytes behind it, so that it can go to another
 * thread and be wiped as a whole.
 */
#ifndef MOGI_AUTH_REQUEST_H
#define MOGI_AUTH_REQUEST_H

#include "base/bytes.h"

#include <stdint.h>

enum auth_request_kind {
    AUTH_CONNECT,  /* a client comes */
    AUTH_CONTINUE, /* its answer to AUTH_MORE: only `data` is new */
    AUTH_AGAIN     /* one that is in proves itself again. MQTT 5.0, 4.12.1 */
};

struct auth_request {
    enum auth_request_kind kind;
    uint16_t listener; /* index in the configuration */
    bool has_user, has_password;
    bool has_method; /* authentication method: enhanced. MQTT 5.0, 4.12 */
    bool has_data;
    struct bytes client_id;
    struct bytes user; /* AGAIN: who it was let in as */
    struct bytes password;
    struct bytes identity; /* proven by TLS; empty: none */
    struct bytes method, data;
    struct bytes peer; /* its address in text, without port; may be empty */
};

/* A copy of `*from` and of all its bytes; NULL when there is no memory. Freed
 * with auth_request_free. */
struct auth_request *auth_request_new(const struct auth_request *from);

/* Wipe and free; NULL is fine. */
void auth_request_free(struct auth_request *request);

#endif
