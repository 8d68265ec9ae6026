/* keys_test.c - the table agrees with itself and with the defaults. */
#include "broker/keys.h"
#include "check.h"

static void every_key_is_whole(void)
{
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        CHECK(key->help != NULL && key->help[0] != '\0');
        CHECK(key_find(key->name) == key);
        CHECK(key->kind != KEY_REFUSED || key->refused != NULL);
        if (key->kind == KEY_NOTE || key->kind == KEY_REFUSED) continue;
        CHECK(key->fallback != NULL);
        CHECK(key->kind == KEY_CALL || key->size > 0);
        CHECK((key->kind == KEY_CALL) == (key->call != NULL));
        CHECK((key->kind == KEY_WORD) == (key->words != NULL));
        CHECK(key->min <= key->max);
    }
}

/* What --help calls the default is what config_init sets. */
static void fallbacks_are_the_defaults(void)
{
    static struct config config, set;
    config_init(&config);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        bool many = key->kind == KEY_CALL || key->kind == KEY_TEXTS;
        if (key->size == 0 || key->refused != NULL || many) continue;
        config_init(&set);
        struct config_reports reports = {0};
        /* A file cannot say that a text is empty. */
        struct config_place place = {RANK_ENVIRONMENT, "test", 0, 0};
        config_set(&set, key->name, key->fallback, &place, &reports);
        set.entry_set = false;
        if (!CHECK(reports.errors.count == 0) ||
            !CHECK(memcmp(&set, &config, sizeof set) == 0)) {
            fprintf(stderr, "    key %s\n", key->name);
        }
        report_fini(&reports.errors);
    }
}

static void prefixes_stand_for_many(void)
{
    REQUIRE(key_find("bridge_anything") != NULL);
    CHECK_EQ(key_find("bridge_anything")->kind, KEY_REFUSED);
    CHECK(key_find("auth_opt_db_host") != NULL);
    CHECK(!key_is_live(key_find("auth_opt_db_host")));
    CHECK(key_is_live(key_find("listener")));
    CHECK(key_find("plugin_opt") == NULL);
    CHECK(key_find("") == NULL);
}

/* Keys of Mosquitto's manuals, 2.0 and 2.1. */
static const char *const mosquittos[] = {
    "acl_file",
    "allow_anonymous",
    "allow_duplicate_messages",
    "allow_zero_length_clientid",
    "auth_plugin",
    "auto_id_prefix",
    "autosave_interval",
    "autosave_on_changes",
    "bind_address",
    "bind_interface",
    "bridge_alpn",
    "bridge_cafile",
    "cafile",
    "capath",
    "certfile",
    "check_retain_source",
    "ciphers",
    "ciphers_tls1.3",
    "cleansession",
    "clientid_prefixes",
    "connection",
    "connection_messages",
    "crlfile",
    "dhparamfile",
    "http_dir",
    "include_dir",
    "keyfile",
    "listener",
    "log_dest",
    "log_facility",
    "log_timestamp",
    "log_timestamp_format",
    "log_type",
    "max_connections",
    "max_inflight_bytes",
    "max_inflight_messages",
    "max_keepalive",
    "max_packet_size",
    "max_qos",
    "max_queued_bytes",
    "max_queued_messages",
    "max_topic_alias",
    "memory_limit",
    "message_size_limit",
    "mount_point",
    "password_file",
    "per_listener_settings",
    "persistence",
    "persistence_file",
    "persistence_location",
    "persistent_client_expiration",
    "pid_file",
    "plugin",
    "plugin_opt_x",
    "port",
    "protocol",
    "psk_file",
    "psk_hint",
    "queue_qos0_messages",
    "require_certificate",
    "retain_available",
    "set_tcp_nodelay",
    "socket_domain",
    "sys_interval",
    "tls_engine",
    "tls_keyform",
    "tls_version",
    "topic",
    "upgrade_outgoing_qos",
    "use_identity_as_username",
    "use_subject_as_username",
    "use_username_as_clientid",
    "user",
    "websockets_headers_size",
    "websockets_log_level",
    "accept_protocol_versions",
    "global_plugin",
    "enable_proxy_protocol",
    "global_max_clients",
    "global_max_connections",
    "listener_allow_anonymous",
    "listener_auto_id_prefix",
    "max_topic_alias_broker",
    "plugin_load",
    "plugin_use",
    "retain_expiry_interval",
    "websockets_origin",
};

/* None may be unknown. */
static void mosquittos_keys_are_known(void)
{
    for (size_t i = 0; i < sizeof mosquittos / sizeof *mosquittos; i++) {
        if (CHECK(key_find(mosquittos[i]) != NULL)) continue;
        fprintf(stderr, "    key %s\n", mosquittos[i]);
    }
}

static void typing_errors_are_understood(void)
{
    CHECK_STR(key_nearest("max_qso"), "max_qos");
    CHECK_STR(key_nearest("listner"), "listener");
    CHECK_STR(key_nearest("persistance"), "persistence");
    CHECK(key_nearest("colour") == NULL);
}

/* The manual has every key, and the example only keys with fine values. */
static void manual_and_example_agree(void)
{
    static char text[65536];
    FILE *file = fopen(MOGI_SOURCE_DIR "/docs/man/mogi.conf.5", "r");
    REQUIRE(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (strcmp(key->name, "config_file") == 0) continue;
        if (CHECK(strstr(text, key->name) != NULL)) continue;
        fprintf(stderr, "    key %s\n", key->name);
    }
    static struct config config;
    struct config_reports reports = {0};
    config_init(&config);
    file = fopen(MOGI_SOURCE_DIR "/docs/mogi.conf", "r");
    REQUIRE(file != NULL);
    unsigned count = 0;
    while (fgets(text, sizeof text, file) != NULL) {
        if (text[0] != '#' || text[1] < 'a' || text[1] > 'z') continue;
        struct config_place place = {RANK_FILE, "mogi.conf", ++count, 0};
        text[strcspn(text, "\n")] = '\0';
        char *value = strchr(text, ' ');
        REQUIRE(value != NULL);
        *value++ = '\0';
        config_set(&config, text + 1, value, &place, &reports);
    }
    fclose(file);
    CHECK(count > 10);
    CHECK_EQ(reports.errors.count, 0);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
}

int main(void)
{
    RUN(every_key_is_whole);
    RUN(fallbacks_are_the_defaults);
    RUN(prefixes_stand_for_many);
    RUN(mosquittos_keys_are_known);
    RUN(typing_errors_are_understood);
    RUN(manual_and_example_agree);
    return check_result();
}
