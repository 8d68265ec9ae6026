/* environment_test.c - variables that are keys, and those that are not. */
#include "broker/environment.h"
#include "config_kit.h"

static void read_list(const char *const *list)
{
    char text[8][80], *copy[9] = {NULL};
    begin();
    for (size_t i = 0; list[i] != NULL; i++) {
        REQUIRE(i < 8);
        (void)snprintf(text[i], sizeof text[i], "%s", list[i]);
        copy[i] = text[i];
    }
    environment_read(&config, copy, &reports);
}

static void keys_are_set(void)
{
    static const char *const list[] = {"HOME=/x", "MOGI_THREADS=3",
                                       "MOGI_PORT=1999", "MOGI=1", NULL};
    read_list(list);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(reports.notes.count, 0);
    CHECK_EQ(config.threads, 3);
    CHECK_EQ(config.common.port, 1999);
}

static void letters_a_shell_does_not_take(void)
{
    static const char *const list[] = {"MOGI_CIPHERS_TLS1_3=x", NULL};
    read_list(list);
    CHECK_EQ(reports.notes.count, 0);
    CHECK(reports.errors.count == 1 ||
          strcmp(config.common.tls.ciphers_tls13, "x") == 0);
}

/* They change nothing, so they must not pass for something that does. */
static void mistyped_ones_are_noted(void)
{
    static const char *const list[] = {"MOGI_MAX_QSO=1", "MOGI_COLOUR=red",
                                       "MOGI_NOVALUE", NULL};
    read_list(list);
    CHECK_EQ(reports.errors.count, 0);
    REQUIRE(reports.notes.count == 3);
    CHECK_STR(reports.notes.lines[0],
              "MOGI_MAX_QSO in the environment is no option, and has no "
              "effect; did you mean MOGI_MAX_QOS?");
    CHECK_STR(reports.notes.lines[1],
              "MOGI_COLOUR in the environment is no option, and has no effect");
}

static void kubernetes_is_understood(void)
{
    static const char *const list[] = {"MOGI_PORT=tcp://10.0.0.1:1883",
                                       "MOGI_SERVICE_HOST=10.0.0.1",
                                       "MOGI_SERVICE_PORT=1883",
                                       "MOGI_SERVICE_PORT_MQTT=1883",
                                       "MOGI_PORT_1883_TCP_ADDR=10.0.0.1",
                                       "MOGI_PORT_1883_TCP_PORT=1883",
                                       "MOGI_EDGE_PORT=tcp://10.0.0.2:1883",
                                       NULL};
    read_list(list);
    CHECK_EQ(reports.errors.count, 0);
    CHECK_EQ(config.common.port, 1883);
    CHECK(!config.port_set);
    REQUIRE(reports.notes.count == 1);
    CHECK(strncmp(reports.notes.lines[0], "7 variables", 11) == 0);
}

int main(void)
{
    RUN(keys_are_set);
    RUN(letters_a_shell_does_not_take);
    RUN(mistyped_ones_are_noted);
    RUN(kubernetes_is_understood);
    begin();
    return check_result();
}
