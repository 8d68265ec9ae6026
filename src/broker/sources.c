/* sources.c - see sources.h. */
#include "broker/sources.h"

#include "auth/httpauth.h"
#include "auth/identity.h"
#include "auth/passwords.h"
#include "auth/scramlogin.h"
#include "auth/tokens.h"

#include <string.h>
#include <unistd.h>

static bool is_set(const char *text)
{
    return text[0] != '\0';
}

/* --- certificate --------------------------------------------------------- */

static bool identity_wanted(const struct config_listener *listener)
{
    return listener->tls.use_identity_as_username ||
           listener->tls.use_subject_as_username;
}

static bool identity_same(const struct config_listener *a,
                          const struct config_listener *b)
{
    (void)a;
    (void)b;
    return true;
}

static enum err identity_open(const struct config *config,
                              const struct config_listener *listener,
                              struct auth_method *out, struct fault *fault)
{
    (void)config;
    (void)listener;
    (void)fault;
    *out = identity_method();
    return OK;
}

/* --- password_file ------------------------------------------------------- */

static bool passwords_wanted(const struct config_listener *listener)
{
    return is_set(listener->entry.password_file);
}

static bool passwords_same(const struct config_listener *a,
                           const struct config_listener *b)
{
    return strcmp(a->entry.password_file, b->entry.password_file) == 0;
}

static enum err passwords_make(const struct config *config,
                               const struct config_listener *listener,
                               struct auth_method *out, struct fault *fault)
{
    const char *path = listener->entry.password_file;
    enum err e = passwords_open(path, config->auth_cache_s, out, fault);
    if (e != ERR_IO || access(path, F_OK) == 0) return e;
    struct fault why = *fault;
    return fault_set(fault, e, "%.*s; `mogi passwd -c FILE NAME` makes one",
                     FAULT_TEXT_MAX / 2, why.text);
}

static size_t passwords_files(const struct config_listener *listener,
                              struct source_file out[SOURCE_FILES_MAX])
{
    out[0] = (struct source_file){"password_file",
                                  listener->entry.password_file, true};
    return 1;
}

/* --- scram --------------------------------------------------------------- */

static bool scram_wanted(const struct config_listener *listener)
{
    return is_set(listener->entry.scram_file);
}

static bool scram_same(const struct config_listener *a,
                       const struct config_listener *b)
{
    return strcmp(a->entry.scram_file, b->entry.scram_file) == 0;
}

static enum err scram_open(const struct config *config,
                           const struct config_listener *listener,
                           struct auth_method *out, struct fault *fault)
{
    (void)config;
    return scramlogin_open(listener->entry.scram_file, out, fault);
}

static size_t scram_files(const struct config_listener *listener,
                          struct source_file out[SOURCE_FILES_MAX])
{
    out[0] =
        (struct source_file){"scram_file", listener->entry.scram_file, true};
    return 1;
}

/* --- jwt ----------------------------------------------------------------- */

static bool jwt_wanted(const struct config_listener *listener)
{
    const struct config_jwt *jwt = &listener->entry.jwt;
    return is_set(jwt->key_file) || is_set(jwt->secret_file);
}

static bool jwt_same(const struct config_listener *a,
                     const struct config_listener *b)
{
    const struct config_jwt *x = &a->entry.jwt, *y = &b->entry.jwt;
    return strcmp(x->key_file, y->key_file) == 0 &&
           strcmp(x->secret_file, y->secret_file) == 0 &&
           strcmp(x->issuer, y->issuer) == 0 &&
           strcmp(x->audience, y->audience) == 0 &&
           strcmp(x->user_claim, y->user_claim) == 0 &&
           strcmp(x->acl_claim, y->acl_claim) == 0 &&
           x->leeway_s == y->leeway_s && x->field == y->field &&
           x->require_expiry == y->require_expiry &&
           x->check_username == y->check_username;
}

static enum err jwt_open(const struct config *config,
                         const struct config_listener *listener,
                         struct auth_method *out, struct fault *fault)
{
    const struct config_jwt *jwt = &listener->entry.jwt;
    struct tokens_options options = {
        .key_file = jwt->key_file,
        .secret_file = jwt->secret_file,
        .issuer = jwt->issuer,
        .audience = jwt->audience,
        .user_claim = jwt->user_claim,
        .acl_claim = jwt->acl_claim,
        .leeway_s = jwt->leeway_s,
        .expiry_optional = !jwt->require_expiry,
        .in_user_name = jwt->field == 1,
        .any_user_name = !jwt->check_username,
    };
    (void)config;
    return tokens_open(&options, out, fault);
}

static size_t jwt_files(const struct config_listener *listener,
                        struct source_file out[SOURCE_FILES_MAX])
{
    const struct config_jwt *jwt = &listener->entry.jwt;
    size_t count = 0;
    if (is_set(jwt->key_file)) {
        out[count++] =
            (struct source_file){"jwt_key_file", jwt->key_file, false};
    }
    if (is_set(jwt->secret_file)) {
        out[count++] =
            (struct source_file){"jwt_secret_file", jwt->secret_file, true};
    }
    return count;
}

/* --- http ---------------------------------------------------------------- */

static bool http_wanted(const struct config_listener *listener)
{
    return listener->entry.http.url.count > 0;
}

static bool texts_same(const struct config_texts *a,
                       const struct config_texts *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->list[i], b->list[i]) == 0;
    return same;
}

static bool http_same(const struct config_listener *a,
                      const struct config_listener *b)
{
    const struct config_http *x = &a->entry.http, *y = &b->entry.http;
    return texts_same(&x->url, &y->url) && texts_same(&x->header, &y->header) &&
           strcmp(x->fields, y->fields) == 0 &&
           strcmp(x->cafile, y->cafile) == 0 && x->timeout_s == y->timeout_s &&
           x->connections == y->connections &&
           x->max_in_flight == y->max_in_flight && x->cache_s == y->cache_s &&
           x->format == y->format && x->down == y->down &&
           x->insecure == y->insecure && x->status_only == y->status_only;
}

static enum err http_open(const struct config *config,
                          const struct config_listener *listener,
                          struct auth_method *out, struct fault *fault)
{
    const struct config_http *http = &listener->entry.http;
    struct httpauth_options options = {
        .worker = {.cafile = http->cafile,
                   .insecure = http->insecure,
                   .timeout_ms = http->timeout_s * 1000,
                   .connections = http->connections,
                   .in_flight_max = http->max_in_flight},
        .format = (enum httpform_kind)http->format,
        .fields = http->fields,
        .status_only = http->status_only,
        .down_pass = http->down == 1,
        .cache_s = http->cache_s,
    };
    (void)config;
    if (http->url.count > HTTPWORKER_URLS_MAX) {
        return fault_set(fault, ERR_CONFIG,
                         "http_auth_url stands more than %d times",
                         HTTPWORKER_URLS_MAX);
    }
    for (size_t i = 0; i < http->url.count; i++)
        options.worker.urls[i] = http->url.list[i];
    for (size_t i = 0; i < http->header.count; i++)
        options.worker.headers[i] = http->header.list[i];
    options.worker.url_count = http->url.count;
    options.worker.header_count = http->header.count;
    return httpauth_open(&options, out, fault);
}

_Static_assert((int)HTTPWORKER_HEADERS_MAX >= (int)CONFIG_TEXTS_MAX,
               "room for every header");

const struct source sources[SOURCE_COUNT] = {
    {"certificate", true, identity_wanted, identity_same, identity_open, NULL},
    {"scram", false, scram_wanted, scram_same, scram_open, scram_files},
    {"jwt", false, jwt_wanted, jwt_same, jwt_open, jwt_files},
    {"password_file", false, passwords_wanted, passwords_same, passwords_make,
     passwords_files},
    {"http", false, http_wanted, http_same, http_open, NULL},
};

size_t source_find(const char *name, size_t size)
{
    size_t i = 0;
    while (i < SOURCE_COUNT && (strlen(sources[i].name) != size ||
                                memcmp(sources[i].name, name, size) != 0))
        i++;
    return i;
}
