#include "bench/options.h"
#include "check.h"

static struct bench_options o;
static char said[512];

/* Parse a command line, which is cut at blanks; what was said is in `said`. */
static enum err parse(const char *line)
{
    static char program[] = "bench", text[512];
    char *argv[32] = {program};
    int argc = 1;
    (void)snprintf(text, sizeof text, "%s", line);
    for (char *at = text; *at != '\0';) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at == ' ') *at++ = '\0';
    }
    memset(said, 0, sizeof said);
    FILE *errors = fmemopen(said, sizeof said - 1, "w");
    REQUIRE(errors != NULL);
    enum err err = bench_options_parse(argc, argv, &o, errors);
    (void)fclose(errors);
    return err;
}

static void defaults(void)
{
    REQUIRE(parse("fanin") == OK);
    CHECK_EQ(o.mode, BENCH_FANIN);
    CHECK_STR(o.host, "127.0.0.1");
    CHECK_STR(o.port, "1883");
    CHECK_EQ(o.protocol, MQTT_311);
    CHECK_EQ(o.clients, 100);
    CHECK_EQ(o.others, 1);
    CHECK_EQ(o.size, 64);
    CHECK_EQ(o.inflight, 10);
    CHECK_EQ(o.duration_s, 10);
    CHECK_EQ(o.limit, 0);
    CHECK_EQ(o.threads, 1);
    CHECK_STR(said, "");
}

static void modes_differ(void)
{
    REQUIRE(parse("latency") == OK);
    CHECK_EQ(o.rate, 1000);
    CHECK_EQ(o.inflight, 0);
    REQUIRE(parse("retain") == OK);
    CHECK_EQ(o.limit, 100000);
    CHECK_EQ(o.duration_s, 0);
    CHECK_EQ(o.qos, 1);
    REQUIRE(parse("share") == OK);
    CHECK_EQ(o.others, 10);
}

/* The three ways to give a value, and the names that others gave. */
static void names(void)
{
    REQUIRE(parse("pub -c 5 -q2 --size=100 --hostname h -L 70 -I 50 -u a%i "
                  "-P b -t x/%i -F 7 -R 9 -k 0 --retain") == OK);
    CHECK_EQ(o.clients, 5);
    CHECK_EQ(o.qos, 2);
    CHECK_EQ(o.size, 100);
    CHECK_STR(o.host, "h");
    CHECK_EQ(o.limit, 70);
    CHECK_EQ(o.duration_s, 0);
    CHECK_EQ(o.rate, 100);
    CHECK_STR(o.user, "a%i");
    CHECK_STR(o.password, "b");
    CHECK_STR(o.topic, "x/%i");
    CHECK_EQ(o.inflight, 7);
    CHECK_EQ(o.connect_rate, 9);
    CHECK_EQ(o.keepalive_s, 0);
    CHECK(o.retain && !o.json);
}

/* Any word about TLS asks for it; emqtt-bench and mqttx have names, too. */
static void encryption(void)
{
    static const char *const lines[] = {"pub --tls",
                                        "pub -S",
                                        "pub --ssl",
                                        "pub --cafile x",
                                        "pub --ca x",
                                        "pub --cacertfile x",
                                        "pub --insecure",
                                        "pub --cert x",
                                        "pub --certfile=x",
                                        "pub --key x",
                                        "pub --keyfile x",
                                        "pub --psk ab",
                                        "pub --tls-alpn x",
                                        "pub --alpn x",
                                        "pub --psk-identity x",
                                        "pub --ciphers x",
                                        "pub --tls-version tlsv1.3"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CHECK_EQ(parse(lines[i]), OK);
        CHECK(o.tls);
        CHECK_STR(o.port, "8883");
    }
    CHECK_EQ(parse("pub --tls -p 1"), OK);
    CHECK_STR(o.port, "1");
    CHECK_EQ(parse("pub"), OK);
    CHECK(!o.tls);
    CHECK_EQ(parse("pub --tls-version ssl3"), ERR_CONFIG);
    CHECK(strstr(said, "tlsv1.2 or tlsv1.3") != NULL);
}

static void versions(void)
{
    static const struct {
        const char *line;
        enum protocol protocol;
    } rows[] = {
        {"pub -V 3", MQTT_31},    {"pub -V 3.1", MQTT_31},
        {"pub -V 4", MQTT_311},   {"pub -V 3.1.1", MQTT_311},
        {"pub -V 311", MQTT_311}, {"pub -V 5", MQTT_50},
        {"pub -V 5.0", MQTT_50},  {"pub --mqtt-version 5", MQTT_50},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        REQUIRE(parse(rows[i].line) == OK);
        CHECK_EQ(o.protocol, rows[i].protocol);
    }
}

static void mistakes(void)
{
    static const char *const lines[] = {"",
                                        "dance",
                                        "pub -q 3",
                                        "pub -q",
                                        "pub -s 19",
                                        "pub -c 0",
                                        "pub --no",
                                        "pub -c 1x",
                                        "pub -c -1",
                                        "pub 7",
                                        "pub -V 6",
                                        "pub -",
                                        "pub --",
                                        "pub -c 1.5",
                                        "pub -c 99999999999999999999999",
                                        "retain -d 3",
                                        "pub -p 0",
                                        "pub -p 65536",
                                        "pub -p mqtt",
                                        "pub -t a/#",
                                        "pub -t +",
                                        "latency -t #",
                                        "sub -t a/#/b",
                                        "sub -t a+",
                                        "filters -t $share/x",
                                        "fanin -t bench/x/y",
                                        "retain -t x",
                                        "share -t a",
                                        "pub --topic="};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_EQ(parse(lines[i]), ERR_CONFIG);
        CHECK(said[0] != '\0');
        CHECK(strchr(said, '\n') == said + strlen(said) - 1);
    }
}

static void help(void)
{
    REQUIRE(parse("--help") == OK);
    CHECK(o.help);
    REQUIRE(parse("pub --help") == OK);
    CHECK(o.help);
    for (int i = 0; i < BENCH_MODE_COUNT; i++) {
        CHECK_EQ(parse(bench_mode_name((enum bench_mode)i)), OK);
        CHECK_EQ(o.mode, i);
    }
}

static void topics(void)
{
    static const char *const lines[] = {
        "pub -t a/%i",          "pairs -t x/%i",      "sub -t a/#",
        "sub -t $share/g/+/%i", "filters -t a/%i/%n", "fanin -t bench/x%i",
        "pub -p 65535"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        CHECK_EQ(parse(lines[i]), OK);
        CHECK_STR(said, "");
    }
}

/* More threads than clients would have nothing to do. */
static void threads_have_work(void)
{
    REQUIRE(parse("pub -c 2 -T 8") == OK);
    CHECK_EQ(o.threads, 2);
}

int main(void)
{
    RUN(defaults);
    RUN(modes_differ);
    RUN(names);
    RUN(encryption);
    RUN(versions);
    RUN(mistakes);
    RUN(topics);
    RUN(help);
    RUN(threads_have_work);
    return check_result();
}
