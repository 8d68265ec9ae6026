/* keys_entry.c - who may come in. See keys.h. */
#include "broker/keys_row.h"
#include "broker/value.h"

#include <stdio.h>
#include <string.h>

static key_call call_per_listener, call_anonymous, call_own_anonymous;

const struct key keys_entry[] = {
    CALL("per_listener_settings", call_per_listener, "false",
         "true: allow_anonymous, allow_zero_length_clientid, auto_id_prefix, "
         "password_file, acl_file and psk_file are about the listener above "
         "them, not about all; stands above all of these",
         FORM("true|false")),
    CALL_ENTRY("allow_anonymous", call_anonymous,
               "true on loopback, without password_file",
               "true: clients that give no user name may connect",
               FORM("true|false")),
    CALL_IN("listener_allow_anonymous", call_own_anonymous, "",
            "allow_anonymous of one listener", FORM("true|false")),
    BOOL("allow_zero_length_clientid", FOR_ENTRY(allow_zero_length_clientid),
         "true", "clients may leave their id to the broker"),
    TEXT("auto_id_prefix", FOR_ENTRY(auto_id_prefix), 50, "auto-",
         "how ids begin that the broker gives", UTF8),
    TEXT("listener_auto_id_prefix", IN(own_auto_id_prefix), 50, "",
         "auto_id_prefix of one listener", UTF8),
    TEXT("clientid_prefixes", FOR_ENTRY(clientid_prefixes), 127, "",
         "clients are let in only if their id begins with this"),
    PATH("password_file", FOR_ENTRY(password_file),
         "names and passwords of clients, as `mogi passwd` and "
         "mosquitto_passwd write them"),
    PATH("acl_file", FOR_ENTRY(acl_file),
         "who may read and write which topics; `mogi acl explain` says why"),
    BOOL("check_retain_source", AT(options.check_retain_source), "true",
         "a retained message is delivered only while who published it may "
         "still write its topic"),
    PATH("auth_order", FOR_ENTRY(auth_order),
         "the order in which clients' proofs are looked at, when it shall not "
         "be: certificate scram jwt password_file http"),
    DURATION("auth_cache_seconds", AT(auth_cache_s), "60",
             "s that a right password is remembered, as a hash under a key of "
             "this process, so that it is not hashed again; 0: not at all"),
    NUMBER("auth_ban_attempts", AT(auth_ban_attempts), 0, 1000000, "30",
           "failed logins from one address (IPv6: /64) within auth_ban_window "
           "that ban it; 0: nobody is banned. Loopback never is"),
    NUMBER("auth_ban_window", AT(auth_ban_window_s), 1, 86400, "60",
           "s within which failed logins are counted"),
    NUMBER("auth_ban_seconds", AT(auth_ban_s), 1, 31536000, "60",
           "s that a ban lasts"),
    PATH("psk_file", FOR_ENTRY(psk_file),
         "names and keys of clients, for TLS without certificates (psk_hint)"),
    BOOL("use_username_as_clientid", IN(use_username_as_clientid), "false",
         "a client's id is its user name, whatever it says"),
    BOOL("bind_clientid_to_username", IN(bind_clientid), "false",
         "a client's id, up to its first \"/\", must be its user name"),
    END,
};

/* It decides where what follows goes, so nothing may have gone before. */
static void call_per_listener(const struct setting *setting)
{
    struct config *config = setting->config;
    bool want;
    const char *wrong = value_bool(setting->value, &want);
    if (wrong != NULL) {
        setting_error(setting, "per_listener_settings is %s, not '%s'", wrong,
                      setting->value);
    } else if (want != config->per_listener && config->entry_set) {
        setting_error(setting, "per_listener_settings must stand above the "
                               "keys that it is about");
    } else {
        config->per_listener = want;
    }
}

static bool anonymous_read(const struct setting *setting, uint8_t *anonymous)
{
    bool allow;
    const char *want = value_bool(setting->value, &allow);
    if (want != NULL) {
        setting_error(setting, "%s is %s, not '%s'", setting->key->name, want,
                      setting->value);
        return false;
    }
    *anonymous = allow ? ANONYMOUS_YES : ANONYMOUS_NO;
    return true;
}

static void call_anonymous(const struct setting *setting)
{
    (void)anonymous_read(setting, &setting->listener->entry.anonymous);
}

static void call_own_anonymous(const struct setting *setting)
{
    (void)anonymous_read(setting, &setting->listener->own_anonymous);
}
