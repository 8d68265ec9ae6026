/* sources.h - where the methods come from by which clients prove who they are:
 * a table of what the configuration may name, in the order they are asked in.
 *
 *     certificate  scram  jwt  password_file  http
 */
#ifndef MOGI_BROKER_SOURCES_H
#define MOGI_BROKER_SOURCES_H

#include "auth/fault.h"
#include "auth/method.h"
#include "broker/config.h"

enum { SOURCE_COUNT = 5, SOURCE_FILES_MAX = 2 };

/* A file that a method is made of. */
struct source_file {
    const char *key, *path;
    bool secret; /* nobody else should read it */
};

struct source {
    const char *name; /* in auth_order */
    bool by_tls;      /* TLS has proven it already: nothing is to be asked */

    /* Does this listener name it? */
    bool (*wanted)(const struct config_listener *listener);

    /* Do two that want it want the same? */
    bool (*same)(const struct config_listener *a,
                 const struct config_listener *b);

    /* Make the method. OK; ERR_CONFIG, ERR_IO, ERR_NO_MEMORY: `fault` says what
     * to do. */
    enum err (*open)(const struct config *config,
                     const struct config_listener *listener,
                     struct auth_method *out, struct fault *fault);

    /* The files it is made of; returns how many. NULL: none. */
    size_t (*files)(const struct config_listener *listener,
                    struct source_file out[SOURCE_FILES_MAX]);
};

/* In the order they are asked in, unless auth_order says another. */
extern const struct source sources[SOURCE_COUNT];

/* The index of the source called by the `size` letters at `name`, or
 * SOURCE_COUNT. */
size_t source_find(const char *name, size_t size);

#endif
