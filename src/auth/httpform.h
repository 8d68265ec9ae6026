/* httpform.h - what a web server is asked: the fields of a request, filled in
 * from what a client shows.
 *
 *     username=${username} password=${password} clientid=${clientid}
 *
 *     as form    username=anna&password=p%40ss&clientid=c1
 *     as JSON    {"username":"anna","password":"p@ss","clientid":"c1"}
 */
#ifndef MOGI_AUTH_HTTPFORM_H
#define MOGI_AUTH_HTTPFORM_H

#include "auth/fault.h"
#include "auth/request.h"

#define HTTPFORM_FIELDS                                                        \
    "username=${username} password=${password} clientid=${clientid}"

enum { HTTPFORM_FIELDS_MAX = 16, HTTPFORM_TEXT_MAX = 1024 };

enum httpform_kind { HTTPFORM_JSON, HTTPFORM_FORM };

/* Where the value of a field comes from. */
enum httpform_source {
    HTTPFORM_TEXT, /* it is always the same */
    HTTPFORM_USER,
    HTTPFORM_PASSWORD,
    HTTPFORM_CLIENT_ID,
    HTTPFORM_PEER,    /* the client's address, without port */
    HTTPFORM_IDENTITY /* of its certificate */
};

struct httpform {
    enum httpform_kind kind;
    char text[HTTPFORM_TEXT_MAX]; /* the names and values lie in it */
    struct httpform_field {
        const char *name, *value;
        enum httpform_source source;
    } fields[HTTPFORM_FIELDS_MAX];
    size_t count;
};

/* Read fields, separated by blanks, as above: values are one of ${username},
 * ${password}, ${clientid}, ${peerhost}, ${identity}, or a text. ERR_CONFIG:
 * `fault` says what to write. */
MUST_USE
enum err httpform_read(const char *fields, enum httpform_kind kind,
                       struct httpform *out, struct fault *fault);

/* "application/json" or what a form is. */
const char *httpform_type(enum httpform_kind kind);

/* The body for `request` in `*out`, on the heap, for httpform_free; what it has
 * not is empty. NULL, or why there is none, a sentence part in static memory:
 * no memory, or bytes that JSON cannot say. */
const char *httpform_write(const struct httpform *form,
                           const struct auth_request *request,
                           struct bytes *out);

/* Wipe and free a body; one without data is fine. */
void httpform_free(struct bytes body);

#endif
