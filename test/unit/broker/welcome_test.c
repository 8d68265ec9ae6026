/* welcome_test.c - what a newcomer is told to type. */
#include "broker/welcome.h"
#include "logged.h"

/* The log of a broker that listens on `first`, if it lets in `anonymous`. */
static const char *said(const struct address *first, bool anonymous)
{
    static struct logged l;
    static struct ports ports;
    struct options options;
    options_init(&options);
    options.listener.allow_anonymous = anonymous;
    struct settings *settings = settings_new(&options, 0);
    ports = (struct ports){.list = {*first}, .count = 1};
    logged_open(&l);
    welcome_say(l.log, &ports, settings);
    settings_unref(settings);
    return logged_close(&l);
}

static void what_is_typed_works(void)
{
    struct address at = {
        .family = ADDRESS_IPV4, .port = 1883, .ip = {127, 0, 0, 1}};
    CHECK_STR(said(&at, true),
              "notice: listening on 127.0.0.1:1883, for this machine\n"
              "notice: to see what passes, type in another terminal: mogi sub "
              "-t '#' -v\n"
              "notice: to say something, in a third one: mogi pub -t hello -m "
              "world\n");
    at.port = 1884;
    CHECK(strstr(said(&at, true), "mogi sub -p 1884 -t") != NULL);
    CHECK(strstr(said(&at, false),
                 "mogi pub -p 1884 -u NAME -P PASSWORD -t hello") != NULL);
}

static void localhost_is_not_everywhere(void)
{
    struct address at = {
        .family = ADDRESS_IPV4, .port = 1883, .ip = {192, 0, 2, 7}};
    CHECK(strstr(said(&at, true), "for everybody") != NULL);
    CHECK(strstr(said(&at, true), "mogi sub -h 192.0.2.7 -t") != NULL);
    at = (struct address){.family = ADDRESS_IPV4, .port = 1883};
    CHECK(strstr(said(&at, true), "mogi sub -t") != NULL);
    at = (struct address){.family = ADDRESS_IPV6, .port = 1883};
    CHECK(strstr(said(&at, true), "mogi sub -t") != NULL);
    at.ip[0] = 0xfd;
    at.ip[15] = 1;
    CHECK(strstr(said(&at, true), "mogi sub -h fd00::1 -t") != NULL);
}

static void sockets_without_a_port_are_named(void)
{
    struct options options;
    options_init(&options);
    struct settings *settings = settings_new(&options, 0);
    static struct ports ports = {.paths = {"/run/mogi.sock"}, .path_count = 1};
    struct logged l;
    logged_open(&l);
    welcome_say(l.log, &ports, settings);
    settings_unref(settings);
    CHECK_STR(logged_close(&l),
              "notice: listening on /run/mogi.sock, for this machine\n");
}

int main(void)
{
    RUN(what_is_typed_works);
    RUN(localhost_is_not_everywhere);
    RUN(sockets_without_a_port_are_named);
    return check_result();
}
