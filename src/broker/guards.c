/* guards.c - see guards.h. */
#include "broker/guards.h"

#include "auth/aclfile.h"
#include "auth/httpworker.h"
#include "broker/block.h"
#include "broker/sources.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What is made while the configuration is gone through. */
struct making {
    const struct config *config;
    struct config_reports *reports;
    struct guards *guards;
    struct auth_shared *methods[CONFIG_LISTENERS_MAX][SOURCE_COUNT];
};

bool guards_wanted(const struct config_listener *listener)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (sources[i].wanted(listener)) return true;
    }
    return false;
}

/* Others on this machine should neither read hashes nor write rules. */
static void file_look(struct making *making, const char *key, const char *path,
                      unsigned forbidden)
{
    struct stat about;
    if (stat(path, &about) != 0 || (about.st_mode & forbidden) == 0) return;
    bool written = (about.st_mode & 0002) != 0;
    report_add(&making->reports->notes,
               "%s %s can be %s by every user of this machine: chmod o-%s %s",
               key, path, written ? "changed" : "read", written ? "rw" : "r",
               path);
}

static void files_look(struct making *making, size_t source,
                       const struct config_listener *listener)
{
    struct source_file files[SOURCE_FILES_MAX];
    size_t count = 0;
    if (sources[source].files != NULL) {
        count = sources[source].files(listener, files);
    }
    for (size_t i = 0; i < count; i++) {
        file_look(making, files[i].key, files[i].path,
                  files[i].secret ? 0006 : 0002);
    }
}

/* The method of `source` for listener `index`: that of an earlier one which
 * wants the same, or a new one. NULL: it cannot be used, as reported. */
static struct auth_shared *method_get(struct making *making, size_t source,
                                      size_t index)
{
    const struct config *config = making->config;
    const struct config_listener *listener = &config->listeners[index];
    for (size_t i = 0; i < index; i++) {
        struct auth_shared *earlier = making->methods[i][source];
        if (earlier == NULL) continue;
        if (!sources[source].same(&config->listeners[i], listener)) continue;
        return auth_shared_ref(earlier);
    }
    struct fault fault = {.text = ""};
    struct auth_method method;
    enum err e = sources[source].open(config, listener, &method, &fault);
    if (e != OK) {
        report_add(&making->reports->errors, "%s%s%s",
                   e == ERR_IO ? sources[source].name : "",
                   e == ERR_IO ? ": " : "", fault.text);
        return NULL;
    }
    files_look(making, source, listener);
    return auth_shared_new(method);
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* The order that auth_order says, as indices of sources; what it leaves out is
 * not there. Returns how many; 0: it is wrong, as reported. */
static size_t order_read(const char *text, size_t order[SOURCE_COUNT],
                         struct report *errors)
{
    size_t count = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, " \t,");
        size_t source = source_find(text, size);
        bool twice = false;
        for (size_t i = 0; i < count; i++)
            twice |= order[i] == source;
        if (source == SOURCE_COUNT || twice) {
            report_add(errors,
                       "auth_order: '%.*s' %s; it lists some of: certificate "
                       "scram jwt password_file http",
                       (int)size, text,
                       twice ? "stands there twice" : "is no method");
            return 0;
        }
        order[count++] = source;
        text += size;
        while (is_separator(*text))
            text++;
    }
    return count;
}

/* The order of a listener's methods. False: it is wrong, as reported. */
static bool order_get(struct making *making, size_t index,
                      size_t order[SOURCE_COUNT], size_t *count)
{
    const struct config_listener *listener = &making->config->listeners[index];
    struct report *errors = &making->reports->errors;
    const char *text = listener->entry.auth_order;
    bool named[SOURCE_COUNT] = {false};
    *count = SOURCE_COUNT;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        order[i] = i;
    if (text[0] == '\0') return true;
    *count = order_read(text, order, errors);
    for (size_t i = 0; i < *count; i++)
        named[order[i]] = true;
    if (*count == 0) return false;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (named[i] || !sources[i].wanted(listener)) continue;
        report_add(errors,
                   "auth_order leaves out %s, which is configured: add it, or "
                   "remove its line",
                   sources[i].name);
        return false;
    }
    return true;
}

/* A certificate alone needs no chain: the core lets in whom TLS has proven. */
static bool chain_is_needed(const struct config_listener *listener)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (sources[i].by_tls) continue;
        if (sources[i].wanted(listener)) return true;
    }
    return false;
}

static bool chain_fill(struct making *making, size_t index)
{
    const struct config_listener *listener = &making->config->listeners[index];
    struct guard *guard = &making->guards->list[index];
    size_t order[SOURCE_COUNT], count;
    bool anonymous = listener->entry.anonymous == ANONYMOUS_YES;
    guard->chain = auth_chain_new(anonymous);
    if (guard->chain == NULL) return false;
    if (!order_get(making, index, order, &count)) return false;
    if (!chain_is_needed(listener)) return true;
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        size_t source = order[i];
        if (!sources[source].wanted(listener)) continue;
        struct auth_shared *method = method_get(making, source, index);
        making->methods[index][source] = method;
        fine &= method != NULL && auth_chain_add(guard->chain, method) == OK;
    }
    return fine;
}

/* Names that nobody has proven give rights all the same. */
static void acl_look(struct making *making, size_t index)
{
    const struct guard *guard = &making->guards->list[index];
    const struct config_listener *listener = &making->config->listeners[index];
    const char *path = listener->entry.acl_file;
    file_look(making, "acl_file", path, 0002);
    if (guard->chain->count > 0 || !guard->chain->allow_anonymous) return;
    if (guard->acl->user_count == 0) return;
    report_add(&making->reports->notes,
               "acl_file %s has rules for users, but nothing checks who is "
               "who: whoever says a name has its rights; add a password_file "
               "(`mogi passwd` makes one)",
               path);
}

static bool acl_fill(struct making *making, size_t index)
{
    const struct config *config = making->config;
    const char *path = config->listeners[index].entry.acl_file;
    struct guard *guard = &making->guards->list[index];
    if (path[0] == '\0') return true;
    for (size_t i = 0; i < index; i++) {
        if (strcmp(config->listeners[i].entry.acl_file, path) != 0) continue;
        guard->acl = acl_ref(making->guards->list[i].acl);
        return true;
    }
    struct fault fault = {.text = ""};
    enum err e = aclfile_read(path, &guard->acl, &fault);
    if (e != OK) {
        report_add(&making->reports->errors, "%s%s",
                   e == ERR_IO ? "acl_file: " : "", fault.text);
        return false;
    }
    acl_look(making, index);
    return true;
}

/* Everybody is refused here: that is hardly meant. */
static void nobody_look(struct making *making, size_t index)
{
    const struct config_listener *listener = &making->config->listeners[index];
    const struct guard *guard = &making->guards->list[index];
    if (guard->chain->allow_anonymous || guards_wanted(listener)) return;
    report_add(&making->reports->notes,
               "nobody can come in at port %u: there is no password_file, and "
               "allow_anonymous is not true",
               listener->port);
}

static void making_fini(struct making *making)
{
    for (size_t i = 0; i < CONFIG_LISTENERS_MAX; i++) {
        for (size_t k = 0; k < SOURCE_COUNT; k++)
            auth_shared_unref(making->methods[i][k]);
    }
}

enum err guards_new(const struct config *config, struct guards **out,
                    struct config_reports *reports)
{
    struct guards *guards = block_grow(NULL, sizeof *guards);
    *guards = (struct guards){.count = config->listener_count};
    atomic_init(&guards->refs, 1);
    struct making making = {
        .config = config, .reports = reports, .guards = guards};
    bool fine = true;
    for (size_t i = 0; i < guards->count; i++) {
        bool filled = chain_fill(&making, i);
        filled = filled && acl_fill(&making, i);
        if (filled) nobody_look(&making, i);
        fine &= filled;
    }
    making_fini(&making);
    if (!fine) {
        guards_unref(guards);
        return ERR_CONFIG;
    }
    *out = guards;
    return OK;
}

struct guards *guards_ref(struct guards *guards)
{
    atomic_fetch_add_explicit(&guards->refs, 1, memory_order_relaxed);
    return guards;
}

void guards_unref(struct guards *guards)
{
    if (guards == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&guards->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    for (size_t i = 0; i < guards->count; i++) {
        auth_chain_unref(guards->list[i].chain);
        acl_unref(guards->list[i].acl);
    }
    free(guards);
}

bool guards_ask(const struct guards *guards, size_t index)
{
    assert(index < guards->count);
    return guards->list[index].chain->count > 0;
}

void guards_stop(const struct guards *guards)
{
    for (size_t i = 0; i < guards->count; i++)
        auth_chain_stop(guards->list[i].chain);
    httpworker_stop_all();
}
