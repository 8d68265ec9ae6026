/* httpworker.h - a thread that asks a web server, many questions at once.
 *
 *     any thread   httpworker_post --> [ waiting ]
 *     its thread                          |  libcurl, connections kept open
 *                                         v
 *                                      done(owner, status, body, trouble)
 *
 * No thread of the broker ever waits for it. What is under way is bounded in
 * number and in time.
 */
#ifndef MOGI_AUTH_HTTPWORKER_H
#define MOGI_AUTH_HTTPWORKER_H

#include "auth/fault.h"
#include "base/bytes.h"

enum {
    HTTPWORKER_URLS_MAX = 4,
    HTTPWORKER_HEADERS_MAX = 8,
    HTTPWORKER_TIMEOUT_MS = 5000,   /* unless told */
    HTTPWORKER_CONNECTIONS = 16,    /* kept open at once, unless told */
    HTTPWORKER_IN_FLIGHT_MAX = 1024 /* unless told */
};

struct httpworker;

/* Texts are copied; what is 0 or NULL is as above, or not there. */
struct httpworker_options {
    /* Asked in turn until one answers with less than 500; the one that did is
     * asked first the next time. "http://..." or "https://..." */
    const char *urls[HTTPWORKER_URLS_MAX];
    size_t url_count;
    const char *headers[HTTPWORKER_HEADERS_MAX]; /* "Name: value" */
    size_t header_count;
    const char *content_type;
    const char *cafile;  /* CAs for https, in place of the system's */
    bool insecure;       /* https: do not check who the server is */
    uint32_t timeout_ms; /* of one question, all URLs together */
    uint32_t connections;
    uint32_t in_flight_max;
};

/* What came of a question, told on the worker's thread. `status` is that of
 * HTTP; 0: there was no answer, and `trouble` says why, a sentence part in
 * static memory. `body` is borrowed. */
typedef void httpworker_done(void *owner, long status, struct bytes body,
                             const char *trouble);

/* A worker, with its thread. ERR_CONFIG: a URL, header or file is wrong;
 * ERR_NO_MEMORY, ERR_IO: no thread. `fault` says it. */
MUST_USE
enum err httpworker_new(const struct httpworker_options *options,
                        struct httpworker **out, struct fault *fault);

/* End the thread and free; nothing is under way. NULL is fine. */
void httpworker_free(struct httpworker *worker);

/* Ask: POST `body`, which is heap memory that httpform_free frees, and which
 * the worker then owns. False: too much is under way, or it is stopped; `body`
 * is still the caller's, and `done` is not called. Any thread. */
bool httpworker_post(struct httpworker *worker, struct bytes body,
                     httpworker_done *done, void *owner);

/* End all that is under way, as without answer, and take nothing more; all of
 * them have been told when it returns. Any thread but the worker's. */
void httpworker_stop(struct httpworker *worker);

/* Stop all workers there are, also those of a configuration that was replaced
 * while its questions were under way: the process ends. No other thread makes
 * or frees one meanwhile. */
void httpworker_stop_all(void);

#endif
