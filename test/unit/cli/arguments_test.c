#include "check.h"
#include "cli/arguments.h"

static struct arguments a;

enum { WORDS_MAX = 64 };

/* Read a command line whose words are parted by blanks. */
static enum arguments_result line(enum arguments_command command,
                                  const char *text)
{
    static char copy[512];
    static char *argv[WORDS_MAX];
    char *rest = NULL;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", text);
    argv[0] = copy;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        REQUIRE(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    return arguments_read(&a, command, argc, argv);
}

static bool text_is(struct mogi_bytes b, const char *want)
{
    return CHECK_BYTES(b.data, b.size, want, strlen(want));
}

static void defaults(void)
{
    CHECK_EQ(line(ARGUMENTS_PUB, "-t a -m x"), ARGUMENTS_OK);
    CHECK_STR(a.client.host, "localhost");
    CHECK_EQ(a.client.port, 1883);
    CHECK_EQ(a.client.connect.version, MOGI_MQTT_311);
    CHECK_EQ(a.client.connect.keep_alive_s, 60);
    CHECK(a.client.connect.clean_start);
    CHECK_EQ(a.client.connect.client_id.size, 0);
    CHECK(!a.client.connect.has_user_name && !a.client.connect.has_password);
    CHECK(a.client.connect.will == NULL);
    CHECK_STR(a.topic, "a");
    CHECK_EQ(a.source, SOURCE_TEXT);
    CHECK_EQ(a.repeat_count, 1);
    arguments_fini(&a);
}

static void every_connection_option(void)
{
    CHECK_EQ(line(ARGUMENTS_SUB, "-h ho -p 99 -u us -P pw -i id -c -k 5 -V 31 "
                                 "-A 1.2.3.4 --nodelay -M 3 -t a --will-topic "
                                 "w --will-payload p --will-qos 2 "
                                 "--will-retain -d --quiet -C 5"),
             ARGUMENTS_OK);
    CHECK_STR(a.client.host, "ho");
    CHECK_EQ(a.client.port, 99);
    CHECK(text_is(a.client.connect.user_name, "us"));
    CHECK(text_is(a.client.connect.password, "pw"));
    CHECK(text_is(a.client.connect.client_id, "id"));
    CHECK(!a.client.connect.clean_start);
    CHECK_EQ(a.client.connect.keep_alive_s, 5);
    CHECK_EQ(a.client.connect.version, MOGI_MQTT_31);
    CHECK_STR(a.client.bind_address, "1.2.3.4");
    CHECK(a.client.no_delay);
    CHECK_EQ(a.client.inflight_max, 3);
    REQUIRE(a.client.connect.will != NULL);
    CHECK(text_is(a.client.connect.will->topic, "w"));
    CHECK(text_is(a.client.connect.will->payload, "p"));
    CHECK_EQ(a.client.connect.will->qos, 2);
    CHECK(a.client.connect.will->retain);
    CHECK(a.debug && a.quiet);
    CHECK_EQ(a.client.receive_max, 5);
    arguments_fini(&a);
}

static void long_names(void)
{
    CHECK_EQ(line(ARGUMENTS_SUB,
                  "--host ho --port 1 --username u --pw p --id i "
                  "--disable-clean-session --keepalive 9 --protocol-version "
                  "mqttv5 --topic a --qos 1 --filter-out b --unsubscribe c "
                  "--verbose --debug"),
             ARGUMENTS_OK);
    CHECK_EQ(a.client.connect.version, MOGI_MQTT_50);
    CHECK_EQ(a.qos, 1);
    CHECK_EQ(a.topics.count, 1);
    CHECK_EQ(a.filters_out.count, 1);
    CHECK_EQ(a.unsubscribes.count, 1);
    CHECK(a.verbose);
    /* A kept session of 5.0 never expires. */
    CHECK(text_is(a.client.connect.properties, "\x11\xff\xff\xff\xff"));
    arguments_fini(&a);
}

static void urls(void)
{
    CHECK_EQ(line(ARGUMENTS_PUB, "-m x -L mqtt://u:p@example.org:77/a/b"),
             ARGUMENTS_OK);
    CHECK_STR(a.client.host, "example.org");
    CHECK_EQ(a.client.port, 77);
    CHECK_STR(a.user_name, "u");
    CHECK_STR(a.password, "p");
    CHECK_STR(a.topic, "a/b");
    arguments_fini(&a);
    CHECK_EQ(line(ARGUMENTS_SUB, "-L MQTT://[::1]:78/a/# -t b"), ARGUMENTS_OK);
    CHECK_STR(a.client.host, "::1");
    CHECK_EQ(a.client.port, 78);
    CHECK_EQ(a.topics.count, 2);
    CHECK_STR(a.topics.items[0], "a/#");
    arguments_fini(&a);
    CHECK_EQ(line(ARGUMENTS_SUB, "-L mqtt://host/a"), ARGUMENTS_OK);
    CHECK_EQ(a.client.port, 1883);
    CHECK(a.user_name == NULL);
    arguments_fini(&a);
}

static void client_ids(void)
{
    CHECK_EQ(line(ARGUMENTS_PUB, "-t a -n -V 31"), ARGUMENTS_OK);
    CHECK_EQ(a.client.connect.client_id.size, 23);
    CHECK_EQ(memcmp(a.client.connect.client_id.data, "mogi-", 5), 0);
    arguments_fini(&a);
    char want[32];
    snprintf(want, sizeof want, "pre%ld", (long)getpid());
    CHECK_EQ(line(ARGUMENTS_PUB, "-t a -n -I pre"), ARGUMENTS_OK);
    CHECK(text_is(a.client.connect.client_id, want));
    arguments_fini(&a);
}

/* What the help promises, and mosquitto's sentences. */
static void wrong_lines(void)
{
    static const struct {
        enum arguments_command command;
        const char *line;
        const char *error;
    } wrong[] = {
        {ARGUMENTS_SUB, "-z", "Error: Unknown option '-z'.\n"},
        {ARGUMENTS_PUB, "-C 1", "Error: Unknown option '-C'.\n"},
        {ARGUMENTS_SUB, "-m x", "Error: Unknown option '-m'.\n"},
        {ARGUMENTS_PUB, "-t",
         "Error: -t argument given but no topic "
         "specified.\n\n"},
        {ARGUMENTS_PUB, "-t a/#",
         "Error: Invalid publish topic 'a/#', does it "
         "contain '+' or '#'?\n"},
        {ARGUMENTS_SUB, "-t a#",
         "Error: Invalid subscription topic 'a#', are "
         "all '+' and '#' wildcards correct?\n"},
        {ARGUMENTS_PUB, "-t a -m x -n",
         "Error: Only one type of message can "
         "be sent at once.\n\n"},
        {ARGUMENTS_PUB, "-q 3", "Error: Invalid QoS given: 3\n"},
        {ARGUMENTS_PUB, "-q 1x", "Error: Invalid QoS given: 1x\n"},
        {ARGUMENTS_PUB, "-p 65536", "Error: Invalid port given: 65536\n"},
        {ARGUMENTS_PUB, "-k 4",
         "Error: Invalid keepalive given, it must be "
         "between 5 and 65535 inclusive.\n\n"},
        {ARGUMENTS_SUB, "-W 0", "Error: Invalid timeout \"0\".\n\n"},
        {ARGUMENTS_SUB, "-C -1", "Error: Invalid message count \"-1\".\n\n"},
        {ARGUMENTS_SUB, "-V 7",
         "Error: Invalid protocol version argument "
         "given.\n\n"},
        {ARGUMENTS_SUB, "-i a -I b",
         "Error: -i and -I argument cannot be used "
         "together.\n\n"},
        {ARGUMENTS_SUB, "-t a -c",
         "Error: You must provide a client id if you "
         "are using the -c option.\n"},
        {ARGUMENTS_SUB, "-F %z", "Error: Invalid format specifier 'z'.\n"},
        {ARGUMENTS_PUB, "-t a -n --will-payload x",
         "Error: Will payload given, but no will topic given.\n"},
        {ARGUMENTS_PUB, "-L http://a/b", "Error: Unsupported URL scheme.\n\n"},
        {ARGUMENTS_PUB, "-L mqtt://a",
         "Error: Invalid URL for -L argument "
         "specified - topic missing.\n"},
        {ARGUMENTS_PUB, "-x q",
         "Error: session-expiry-interval not a "
         "number.\n\n"},
        {ARGUMENTS_PUB, "-x -2",
         "Error: session-expiry-interval out of "
         "range.\n\n"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQ(line(wrong[i].command, wrong[i].line), ARGUMENTS_WRONG);
        CHECK_STR(a.error, wrong[i].error);
        arguments_fini(&a);
    }
    static const char *const later[] = {"-S", "--ws", "--proxy x"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        CHECK_EQ(line(ARGUMENTS_PUB, later[i]), ARGUMENTS_WRONG);
        CHECK(strstr(a.error, "not in this version") != NULL);
        arguments_fini(&a);
    }
}

/* Its options come before those of the command line. */
static void options_out_of_a_file(void)
{
    char path[] = "/tmp/mogi-options-XXXXXX", text[128];
    FILE *file = fdopen(mkstemp(path), "w");
    REQUIRE(file != NULL);
    fputs("-h file\n-p 99\n-t a b\n-q 1\n", file);
    fclose(file);
    snprintf(text, sizeof text, "-m -o -p 98 -o %s", path);
    CHECK_EQ(line(ARGUMENTS_PUB, text), ARGUMENTS_OK);
    CHECK_STR(a.client.host, "file");
    CHECK_EQ(a.client.port, 98);
    CHECK_STR(a.topic, "a b");
    CHECK_STR(a.text, "-o");
    CHECK_EQ(a.qos, 1);
    arguments_fini(&a);
    snprintf(text, sizeof text, "-D connect user-property k -o -o %s -o x",
             path);
    CHECK_EQ(line(ARGUMENTS_PUB, text), ARGUMENTS_WRONG);
    CHECK_STR(a.error, "Error: Duplicate -o argument given.\n\n");
    arguments_fini(&a);
    file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs("-o other\n", file);
    fclose(file);
    snprintf(text, sizeof text, "-o %s -t a -n", path);
    CHECK_EQ(line(ARGUMENTS_PUB, text), ARGUMENTS_WRONG);
    CHECK(a.file_at_work);
    CHECK_STR(a.error, "Error: -o is for the command line, not for a file of "
                       "options.\n\n");
    arguments_fini(&a);
    unlink(path);
    CHECK_EQ(line(ARGUMENTS_PUB, text), ARGUMENTS_WRONG);
    CHECK(strstr(a.error, "No such file or directory") != NULL);
    arguments_fini(&a);
}

static void requests(void)
{
    CHECK_EQ(line(ARGUMENTS_RR, "-t a -e b -n -W 3 --latency"), ARGUMENTS_OK);
    CHECK_EQ(a.client.connect.version, MOGI_MQTT_50);
    CHECK_STR(a.response_topic, "b");
    CHECK(a.latency && a.client.no_delay);
    arguments_fini(&a);
    static const char *const few[] = {"-t a -n", "-t a -e b", "-e b -n"};
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++) {
        CHECK_EQ(line(ARGUMENTS_RR, few[i]), ARGUMENTS_WRONG);
        CHECK_STR(a.error, "Error: All of topic, message, and response topic "
                           "must be supplied.\n");
        arguments_fini(&a);
    }
}

static void help_and_version(void)
{
    CHECK_EQ(line(ARGUMENTS_PUB, "-t a --help -z"), ARGUMENTS_HELP);
    arguments_fini(&a);
    CHECK_EQ(line(ARGUMENTS_SUB, "--version"), ARGUMENTS_VERSION);
    arguments_fini(&a);
    for (unsigned command = 0; command < 2; command++) {
        char *out = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&out, &size);
        arguments_help((enum arguments_command)command, to);
        fclose(to);
        CHECK((strstr(out, "--repeat-delay") != NULL) == (command == 0));
        CHECK((strstr(out, "--retained-only") != NULL) == (command == 1));
        CHECK(strstr(out, "--will-topic") != NULL);
        CHECK(strstr(out, "--cafile") != NULL);
        CHECK(strstr(out, "--proxy") == NULL);
        free(out);
    }
}

int main(void)
{
    /* What the tester has there is none of our business. */
    REQUIRE(setenv("XDG_CONFIG_HOME", "/nowhere", 1) == 0);
    RUN(defaults);
    RUN(every_connection_option);
    RUN(long_names);
    RUN(urls);
    RUN(client_ids);
    RUN(wrong_lines);
    RUN(options_out_of_a_file);
    RUN(requests);
    RUN(help_and_version);
    return check_result();
}
