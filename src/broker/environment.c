/* environment.c - see environment.h. */
#include "broker/environment.h"

#include "broker/keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "MOGI_"

enum { NAME_MAX_BYTES = 72 };

/* How `key` is called there: the letters that a shell takes. */
static void key_name(const struct key *key, char name[NAME_MAX_BYTES])
{
    (void)snprintf(name, NAME_MAX_BYTES, PREFIX "%s", key->name);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '.' ? '_' : (char)toupper((unsigned char)*at);
}

/* The value of `name` in `list`, or NULL. */
static const char *value_find(char *const *list, const char *name)
{
    size_t size = strlen(name);
    for (; *list != NULL; list++) {
        if (strncmp(*list, name, size) == 0 && (*list)[size] == '=') {
            return *list + size + 1;
        }
    }
    return NULL;
}

/* Is `name` one of those that Kubernetes makes for a service? */
static bool is_service(const char *name, const char *value)
{
    if (strstr(name, "_SERVICE_HOST") != NULL) return true;
    if (strstr(name, "_SERVICE_PORT") != NULL) return true;
    const char *port = strstr(name, "_PORT_");
    if (port != NULL && isdigit((unsigned char)port[6])) return true;
    const char *scheme = strstr(value, "://");
    return scheme != NULL && strstr(name, "_PORT") != NULL;
}

/* A variable that no key is called as. */
static void unknown_note(const char *name, struct config_reports *reports)
{
    char low[NAME_MAX_BYTES];
    (void)snprintf(low, sizeof low, "%s", name + strlen(PREFIX));
    for (char *at = low; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    const char *nearest = key_nearest(low);
    char want[NAME_MAX_BYTES] = "";
    if (nearest != NULL) key_name(key_find(nearest), want);
    report_add(&reports->notes,
               "%s in the environment is no option, and has no effect%s%s%s",
               name, nearest != NULL ? "; did you mean " : "", want,
               nearest != NULL ? "?" : "");
}

/* Is there a key that the variable `name` sets? */
static bool is_key(const char *name)
{
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        char known[NAME_MAX_BYTES];
        key_name(key, known);
        if (strcmp(known, name) == 0) return true;
    }
    return false;
}

static void rest_note(char *const *list, struct config_reports *reports)
{
    size_t services = 0;
    for (; *list != NULL; list++) {
        if (strncmp(*list, PREFIX, strlen(PREFIX)) != 0) continue;
        char name[NAME_MAX_BYTES];
        size_t size = strcspn(*list, "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)size, *list);
        const char *value = (*list)[size] == '=' ? *list + size + 1 : "";
        if (is_service(name, value)) {
            services++;
        } else if (!is_key(name)) {
            unknown_note(name, reports);
        }
    }
    if (services == 0) return;
    report_add(&reports->notes,
               "%zu variables of the environment are Kubernetes' about a "
               "service, not options, and have no effect (in the pod: "
               "\"enableServiceLinks: false\")",
               services);
}

void environment_read(struct config *config, char *const *list,
                      struct config_reports *reports)
{
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        char name[NAME_MAX_BYTES];
        key_name(key, name);
        const char *value = value_find(list, name);
        if (value == NULL || is_service(name, value)) continue;
        struct config_place place = {RANK_ENVIRONMENT, name, 0, 0};
        config_set(config, key->name, value, &place, reports);
    }
    rest_note(list, reports);
}
