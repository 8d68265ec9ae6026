#include "check.h"
#include "cli/certs_report.h"

static char *text;
static size_t text_size;

static FILE *begin(void)
{
    FILE *to = open_memstream(&text, &text_size);
    REQUIRE(to != NULL);
    return to;
}

static void word(const char *given, const char *want)
{
    FILE *to = begin();
    certs_report_word(to, given);
    (void)fclose(to);
    CHECK_STR(text, want);
    free(text);
}

static void words(void)
{
    word("certs/ca.crt", "certs/ca.crt");
    word("", "''");
    word("my certs", "'my certs'");
    word("it's", "'it'\\''s'");
    word("$HOME", "'$HOME'");
}

static const struct tls_made made = {
    .cert = "/c/x.crt", .key = "/c/x.key", .until_s = 1000000000};

static void configuration(void)
{
    static char conf[CERTS_CONF_SIZE];
    static char folder[CERTS_CONF_SIZE];
    CHECK(certs_report_conf(conf, "/c", &made));
    CHECK_STR(conf, "listener 8883\n"
                    "certfile /c/x.crt\n"
                    "keyfile /c/x.key\n"
                    "cafile /c/ca.crt\n"
                    "crlfile /c/ca.crl\n"
                    "require_certificate true\n"
                    "use_identity_as_username true\n");
    memset(folder, 'x', sizeof folder - 1);
    CHECK(!certs_report_conf(conf, folder, &made));
}

static void sentences(void)
{
    const char *const hosts[] = {"a", "b"};
    FILE *to = begin();
    certs_report_server(to, &made, hosts, 2, "listener 8883\n");
    (void)fclose(to);
    CHECK(strstr(text, "until 2001-09-09, for a, b:") != NULL);
    CHECK(strstr(text, "\n    listener 8883\n") != NULL);
    free(text);
    to = begin();
    certs_report_client(to, "my certs", "lamp", &made);
    (void)fclose(to);
    CHECK(strstr(text, "    mogi pub -h localhost -p 8883 --cafile 'my "
                       "certs/ca.crt' --cert /c/x.crt --key /c/x.key -t hello "
                       "-m world\n") != NULL);
    CHECK(strstr(text, "    mosquitto_pub -h localhost") != NULL);
    free(text);
}

static void line(const struct tls_issued *one, int64_t now_s, const char *want)
{
    FILE *to = begin();
    certs_report_line(to, one, now_s);
    (void)fclose(to);
    CHECK_STR(text, want);
    free(text);
}

static void lines(void)
{
    struct tls_issued one = {.purpose = TLS_FOR_SERVER,
                             .until_s = 1000000000,
                             .name = "n",
                             .hosts = "h"};
    int64_t day = 86400;
    line(NULL, 0,
         "KIND    NAME                       DAYS  UNTIL       STATE    "
         "HOSTS\n");
    line(&one, one.until_s - 30 * day,
         "server  n                            30  2001-09-09  good     h\n");
    line(&one, one.until_s - 30 * day + 1,
         "server  n                            29  2001-09-09  soon     h\n");
    line(&one, one.until_s + 1,
         "server  n                            -1  2001-09-09  expired  h\n");
    one.revoked = true;
    one.purpose = TLS_FOR_CLIENT;
    one.hosts[0] = '\0';
    line(&one, one.until_s,
         "client  n                             0  2001-09-09  revoked\n");
}

int main(void)
{
    RUN(words);
    RUN(configuration);
    RUN(sentences);
    RUN(lines);
    return check_result();
}
