/* seals.c - see seals.h. */
#include "broker/seals.h"

#include "base/hash.h"
#include "broker/block.h"
#include "tls/material.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum {
    /* Days before its end that a certificate is spoken of as a problem. */
    RENEW_DAYS = 30,
    WORDS_MAX = 300
};

/* A listener in the making. */
struct work {
    const struct config_listener *listener;
    struct config_reports *reports;
    size_t mistakes;
};

/* What is wrong with the listener, with its port. */
#define SAY(work, ...)  work_say(work, &(work)->reports->errors, __VA_ARGS__)
#define NOTE(work, ...) work_say(work, &(work)->reports->notes, __VA_ARGS__)

static void work_say(struct work *work, struct report *to, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

static void work_say(struct work *work, struct report *to, const char *format,
                     ...)
{
    char words[EXPLAIN_TEXT_MAX + WORDS_MAX];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(words, sizeof words, format, list);
    va_end(list);
    if (to == &work->reports->errors) work->mistakes++;
    const struct config_listener *listener = work->listener;
    if (listener->port > 0) {
        report_add(to, "listener %u: %s", listener->port, words);
    } else {
        report_add(to, "listener %s: %s", listener->host, words);
    }
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* Which part of a certificate names the client. */
static enum identity_kind identity_wanted(const struct config_tls *tls)
{
    if (tls->use_identity_as_username) {
        return (enum identity_kind)(IDENTITY_CN + tls->identity_from);
    }
    return tls->use_subject_as_username ? IDENTITY_SUBJECT : IDENTITY_NONE;
}

/* What cannot be, whatever is in the files. */
static void work_check(struct work *work)
{
    const struct config_tls *tls = &work->listener->tls;
    if (tls->certfile.count != tls->keyfile.count) {
        SAY(work,
            "there are %u certfile and %u keyfile lines: each "
            "certificate needs its key, in the same order",
            tls->certfile.count, tls->keyfile.count);
    }
    if (tls->keyform == 1) {
        SAY(work, "\"tls_keyform engine\" is not possible: engines, which "
                  "OpenSSL 3 gives up, are not used; put the key into a file, "
                  "and remove the line");
    }
    if (tls->use_identity_as_username && tls->use_subject_as_username) {
        SAY(work, "use_identity_as_username and use_subject_as_username cannot "
                  "both be true: which of them is the user name?");
    }
    if (tls->psk_hint[0] != '\0' && work->listener->entry.psk_file[0] == '\0') {
        SAY(work, "\"psk_hint\" takes a \"psk_file\" with the identities and "
                  "their keys");
    }
}

/* Keys that mean nothing without TLS, be it the proxy's. To go on without what
 * they ask for would let in whom they are to keep out. */
static void plain_check(struct work *work)
{
    const struct config_tls *tls = &work->listener->tls;
    bool by_proxy = work->listener->proxy_protocol == 2;
    const char *key = NULL;
    if (tls->keyfile.count > 0) key = "keyfile";
    if (tls->require_certificate && !by_proxy) key = "require_certificate";
    if (tls->use_identity_as_username && !by_proxy) {
        key = "use_identity_as_username";
    }
    if (by_proxy && tls->identity_from != 0) key = "identity_from";
    if (tls->use_subject_as_username) key = "use_subject_as_username";
    if (tls->crlfile[0] != '\0') key = "crlfile";
    if (tls->cafile[0] != '\0') key = "cafile";
    if (tls->capath[0] != '\0') key = "capath";
    if (key == NULL) return;
    SAY(work,
        "\"%s\" is about TLS, which the listener does not have without "
        "\"certfile\" and \"keyfile\" (or \"psk_hint\")",
        key);
}

static void options_fill(const struct config_listener *listener,
                         struct server_options *options)
{
    static const char *const versions[] = {NULL, "tlsv1.2", "tlsv1.3"};
    const struct config_tls *tls = &listener->tls;
    *options = (struct server_options){
        .cafile = text_or_null(tls->cafile),
        .capath = text_or_null(tls->capath),
        .crlfile = text_or_null(tls->crlfile),
        .dhparamfile = text_or_null(tls->dhparamfile),
        .ciphers = text_or_null(tls->ciphers),
        .suites = text_or_null(tls->ciphers_tls13),
        .psk_hint = text_or_null(tls->psk_hint),
        .require_certificate = tls->require_certificate,
        .ignore_dates = tls->disable_client_cert_date_checks,
        .identity = identity_wanted(tls),
    };
    assert(tls->version < sizeof versions / sizeof *versions);
    options->version = versions[tls->version];
    if (options->psk_hint != NULL) {
        options->psk_file = text_or_null(listener->entry.psk_file);
    }
    options->pair_count = tls->certfile.count;
    for (size_t i = 0; i < options->pair_count; i++) {
        options->pairs[i].certfile = tls->certfile.list[i];
        options->pairs[i].keyfile = tls->keyfile.list[i];
    }
}

/* What is no mistake, but should be known. */
static void options_remark(struct work *work, struct server_options *options)
{
    if (options->identity != IDENTITY_NONE && options->psk_hint == NULL &&
        !options->require_certificate) {
        options->require_certificate = true;
        NOTE(work, "the user name is in the certificate, so each client must "
                   "show one, as with \"require_certificate true\"");
    }
    for (size_t i = 0; i < options->pair_count; i++) {
        const char *path = options->pairs[i].keyfile;
        if (!material_is_open(path)) continue;
        NOTE(work,
             "everybody on this machine can read the keyfile %s: chmod "
             "o-rwx %s",
             path, path);
    }
    if (options->psk_file != NULL && material_is_open(options->psk_file)) {
        NOTE(work,
             "everybody on this machine can read the psk_file %s: chmod "
             "o-rwx %s",
             options->psk_file, options->psk_file);
    }
}

/* The TLS of one listener, or NULL: it has none, or `work` has mistakes. */
static struct tls_server *seal_new(struct work *work,
                                   const struct tls_server *before)
{
    if (!config_listener_has_tls(work->listener)) {
        plain_check(work);
        return NULL;
    }
    work_check(work);
    if (work->mistakes > 0) return NULL;
    struct server_options options;
    struct trouble_text trouble;
    struct tls_server *server = NULL;
    options_fill(work->listener, &options);
    options_remark(work, &options);
    enum err err = server_new(&options, before, &server, &trouble);
    if (err == OK) return server;
    SAY(work, "%s", err == ERR_CONFIG ? trouble.text : err_text(err));
    return NULL;
}

/* What a listener has from now on, when it had `before`. */
static struct tls_server *seal_choose(struct work *work,
                                      struct tls_server *before,
                                      struct tls_server *next)
{
    bool had = before != NULL;
    if (work->mistakes == 0 && had == (next != NULL)) return next;
    if (work->mistakes == 0) {
        NOTE(work, "to %s TLS takes a restart", had ? "end" : "begin");
    } else if (had) {
        NOTE(work, "its old certificates stay in use");
    }
    server_unref(next);
    return had ? server_ref(before) : NULL;
}

struct seals *seals_new(const struct config *config, const struct seals *before,
                        struct config_reports *reports)
{
    struct seals *seals = block_grow(NULL, sizeof *seals);
    *seals = (struct seals){.list = {NULL}};
    atomic_init(&seals->refs, 1);
    for (size_t i = 0; i < config->listener_count; i++) {
        struct work work = {&config->listeners[i], reports, 0};
        struct tls_server *old = before != NULL ? before->list[i] : NULL;
        struct tls_server *next = seal_new(&work, old);
        if (before != NULL) next = seal_choose(&work, old, next);
        seals->list[i] = next;
    }
    return seals;
}

struct seals *seals_ref(struct seals *seals)
{
    atomic_fetch_add_explicit(&seals->refs, 1, memory_order_relaxed);
    return seals;
}

void seals_unref(struct seals *seals)
{
    if (seals == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&seals->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    for (size_t i = 0; i < CONFIG_LISTENERS_MAX; i++)
        server_unref(seals->list[i]);
    free(seals);
}

/* What tells one state of a file from the next, whatever its name means now. */
static uint64_t path_stamp(const char *path, uint64_t stamp)
{
    static const struct hash_key key = {0, 0};
    if (path[0] == '\0') return stamp;
    uint64_t about[6] = {stamp};
    uv_fs_t request;
    if (uv_fs_stat(NULL, &request, path, NULL) == 0) {
        const uv_stat_t *stat = &request.statbuf;
        about[1] = stat->st_ino;
        about[2] = stat->st_dev;
        about[3] = stat->st_size;
        about[4] = (uint64_t)stat->st_mtim.tv_sec;
        about[5] = (uint64_t)stat->st_mtim.tv_nsec;
    }
    uv_fs_req_cleanup(&request);
    return hash_bytes(&key, bytes_at(about, sizeof about));
}

uint64_t seals_stamp(const struct config *config)
{
    uint64_t stamp = 0;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        const struct config_tls *tls = &listener->tls;
        if (!config_listener_has_tls(listener)) continue;
        for (size_t j = 0; j < tls->certfile.count; j++)
            stamp = path_stamp(tls->certfile.list[j], stamp);
        for (size_t j = 0; j < tls->keyfile.count; j++)
            stamp = path_stamp(tls->keyfile.list[j], stamp);
        stamp = path_stamp(tls->cafile, stamp);
        stamp = path_stamp(tls->capath, stamp);
        stamp = path_stamp(tls->crlfile, stamp);
        stamp = path_stamp(tls->dhparamfile, stamp);
        stamp = path_stamp(listener->entry.psk_file, stamp);
    }
    return stamp;
}

static void certificate_log(const struct server_certificate *about,
                            unsigned port, struct log *log, bool quiet)
{
    if (about->days < 0) {
        log_write(log, LEVEL_ERROR, NULL,
                  "the certificate of port %u (%s) has expired on %s: clients "
                  "refuse it; write a new one to its certfile",
                  port, about->name, about->until);
    } else if (about->pending) {
        log_write(log, LEVEL_WARNING, NULL,
                  "the certificate of port %u (%s) is not valid yet: clients "
                  "refuse it; is the clock right?",
                  port, about->name);
    } else if (about->days < RENEW_DAYS) {
        log_write(log, LEVEL_WARNING, NULL,
                  "the certificate of port %u (%s) expires in %d days, on %s: "
                  "renew it",
                  port, about->name, about->days, about->until);
    } else if (!quiet) {
        log_write(log, LEVEL_NOTICE, NULL,
                  "the certificate of port %u (%s) is valid for %d days, until "
                  "%s",
                  port, about->name, about->days, about->until);
    }
}

void seals_log(const struct seals *seals, const struct config *config,
               struct log *log, bool quiet)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        struct server_certificate about;
        const struct tls_server *server = seals->list[i];
        if (server == NULL) continue;
        for (size_t j = 0; server_certificate(server, j, &about); j++)
            certificate_log(&about, config->listeners[i].port, log, quiet);
    }
}

int64_t seals_until_s(const struct seals *seals, size_t listener)
{
    struct server_certificate about;
    const struct tls_server *server = seals->list[listener];
    int64_t until_s = 0;
    if (server == NULL) return 0;
    for (size_t i = 0; server_certificate(server, i, &about); i++) {
        if (i == 0 || about.until_s < until_s) until_s = about.until_s;
    }
    return until_s;
}
