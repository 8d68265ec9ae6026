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

/* None of Mosquitto's options may be unknown. */
static void mosquittos_keys_are_known(void)
{
    FILE *file = fopen(MOGI_SOURCE_DIR "/tools/mosquitto.tsv", "r");
    REQUIRE(file != NULL);
    char line[256];
    unsigned count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') continue;
        line[strcspn(line, "\t\n")] = '\0';
        count++;
        if (CHECK(key_find(line) != NULL)) continue;
        fprintf(stderr, "    key %s\n", line);
    }
    fclose(file);
    CHECK(count > 130);
}

static void typing_errors_are_understood(void)
{
    CHECK_STR(key_nearest("max_qso"), "max_qos");
    CHECK_STR(key_nearest("listner"), "listener");
    CHECK_STR(key_nearest("persistance"), "persistence");
    CHECK(key_nearest("colour") == NULL);
}

/* The example has only keys with fine values. */
static void example_agrees(void)
{
    static char text[512];
    static struct config config;
    struct config_reports reports = {0};
    config_init(&config);
    FILE *file = fopen(MOGI_SOURCE_DIR "/docs/mogi.conf", "r");
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
    RUN(example_agrees);
    return check_result();
}
