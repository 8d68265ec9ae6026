#include "check.h"
#include "cli/trouble.h"

static struct arguments a;
static int saved = -1;
static FILE *file;

/* Gather what is printed to stderr. */
static void listen_start(void)
{
    file = tmpfile();
    REQUIRE(file != NULL);
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    REQUIRE(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static bool heard(const char *want)
{
    char text[1024];
    fflush(stderr);
    REQUIRE(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return want == NULL ? CHECK_STR(text, "")
                        : CHECK(strstr(text, want) != NULL);
}

static void start(enum mogi_version version)
{
    memset(&a, 0, sizeof a);
    a.client = mogi_client_defaults();
    a.client.connect.version = version;
}

static void refused(void)
{
    struct mogi_event e = {.kind = MOGI_REFUSED, .reason = 5};
    start(MOGI_MQTT_311);
    listen_start();
    CHECK_EQ(trouble_refused(&a, &e), 5);
    CHECK(heard("Connection error: Connection Refused: not authorised.\nThe "
                "broker wants to know who you are: give a user name (-u)"));
    start(MOGI_MQTT_50);
    e.reason = 135;
    e.properties = (struct mogi_bytes){(const uint8_t *)"\x1f\x00\x02no", 5};
    a.user_name = "u";
    listen_start();
    CHECK_EQ(trouble_refused(&a, &e), 135);
    CHECK(heard("Connection error: Not authorized\nno\nCheck the user name"));
    e.reason = 9;
    start(MOGI_MQTT_31);
    listen_start();
    CHECK_EQ(trouble_refused(&a, &e), 9);
    CHECK(heard("unknown reason"));
}

static void quiet(void)
{
    struct mogi_event e = {.kind = MOGI_REFUSED, .reason = 5};
    start(MOGI_MQTT_311);
    a.quiet = true;
    listen_start();
    CHECK_EQ(trouble_refused(&a, &e), 5);
    CHECK(heard(NULL));
}

static void not_opened(void)
{
    start(MOGI_MQTT_311);
    a.client.host = "127.0.0.1";
    a.client.port = 1;
    struct mogi_client *c = mogi_client_new(&a.client);
    enum mogi_error e = mogi_client_open(c);
    listen_start();
    CHECK_EQ(trouble_open(&a, c, e), 1);
    CHECK(heard("Error: Connection refused\nNothing answers on 127.0.0.1 port "
                "1. Is a broker running there? Start one with 'make run'"));
    mogi_client_free(c);
}

static void not_published(void)
{
    start(MOGI_MQTT_50);
    a.qos = 2;
    listen_start();
    CHECK_EQ(trouble_publish(&a, MOGI_ERROR_UNSUPPORTED), 24);
    CHECK(heard("Message QoS not supported on broker"));
    a.retain = true;
    listen_start();
    CHECK_EQ(trouble_publish(&a, MOGI_ERROR_UNSUPPORTED), 28);
    CHECK_EQ(trouble_publish(&a, MOGI_ERROR_TOO_LARGE), 25);
    CHECK_EQ(trouble_publish(&a, MOGI_ERROR_ARGUMENT), 3);
    struct mogi_event e = {
        .kind = MOGI_PUBLISHED, .packet_id = 4, .reason = 0x87};
    trouble_unpublished(&a, &e);
    CHECK(heard("Warning: Publish 4 failed: Not authorized.\n"));
}

static void lost(void)
{
    start(MOGI_MQTT_50);
    struct mogi_client *c = mogi_client_new(&a.client);
    struct mogi_event e = {.kind = MOGI_DISCONNECTED, .reason = 0x8b};
    listen_start();
    CHECK_EQ(trouble_lost(&a, c, &e, true), 7);
    e.kind = MOGI_LOST;
    e.error = MOGI_ERROR_PROTOCOL;
    CHECK_EQ(trouble_lost(&a, c, &e, true), 2);
    e.error = MOGI_ERROR_KEEP_ALIVE;
    CHECK_EQ(trouble_lost(&a, c, &e, true), 19);
    e.error = MOGI_ERROR_CLOSED;
    CHECK_EQ(trouble_lost(&a, c, &e, true), 7);
    CHECK(heard("disconnected us: Server shutting down."));
    mogi_client_free(c);
}

int main(void)
{
    RUN(refused);
    RUN(quiet);
    RUN(not_opened);
    RUN(not_published);
    RUN(lost);
    return check_result();
}
