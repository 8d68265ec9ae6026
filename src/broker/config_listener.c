/* config_listener.c - see config_listener.h. */
#include "broker/config_listener.h"

#include "core/options.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)CONFIG_TEXT_MAX <= (int)OPTIONS_MOUNT_MAX,
               "room for every mount point");

void config_listener_init(struct config_listener *listener)
{
    struct options options;
    options_init(&options);
    const struct options_listener *core = &options.listener;
    *listener = (struct config_listener){
        .entry.allow_zero_length_clientid = core->allow_zero_length_clientid,
        .entry.jwt = {.user_claim = "sub",
                      .acl_claim = "acl",
                      .leeway_s = 5,
                      .require_expiry = true,
                      .check_username = true},
        .entry.http = {.timeout_s = 5,
                       .connections = 16,
                       .max_in_flight = 1024,
                       .cache_s = 60},
        .protocols = core->protocols,
        .max_qos = core->max_qos,
        .max_topic_alias = core->max_topic_alias,
        .max_topic_alias_broker = core->max_topic_alias_broker,
    };
    (void)snprintf(listener->entry.auto_id_prefix,
                   sizeof listener->entry.auto_id_prefix, "%s",
                   core->auto_id_prefix);
}

bool config_listener_has_tls(const struct config_listener *listener)
{
    return listener->tls.certfile.count > 0 ||
           listener->tls.psk_hint[0] != '\0';
}

bool config_host_is_path(const char *host)
{
    static const char end[] = ".sock";
    size_t size = strlen(host), tail = sizeof end - 1;
    if (strchr(host, '/') != NULL) return true;
    return size > tail && strcmp(host + size - tail, end) == 0;
}

/* Copy a text that was checked to fit when it was set. */
static void text_copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

void config_listener_options(const struct config_listener *listener,
                             struct options_listener *out)
{
    const struct config_entry *entry = &listener->entry;
    bool own = listener->own_auto_id_prefix[0] != '\0';
    *out = (struct options_listener){
        .allow_anonymous = entry->anonymous == ANONYMOUS_YES,
        .use_username_as_clientid = listener->use_username_as_clientid,
        .bind_clientid = listener->bind_clientid,
        .protocols = listener->protocols,
        .max_qos = listener->max_qos,
        .max_topic_alias = listener->max_topic_alias,
        .max_topic_alias_broker = listener->max_topic_alias_broker,
        .allow_zero_length_clientid = entry->allow_zero_length_clientid,
    };
    text_copy(out->auto_id_prefix, sizeof out->auto_id_prefix,
              own ? listener->own_auto_id_prefix : entry->auto_id_prefix);
    text_copy(out->clientid_prefixes, sizeof out->clientid_prefixes,
              entry->clientid_prefixes);
    text_copy(out->mount_point, sizeof out->mount_point, listener->mount_point);
}
