#include "check.h"
#include "cli/tls_option.h"

#include <fcntl.h>

static struct arguments a;

/* What comes of `mogi pub -t t -m m` and these words. */
static enum arguments_result read_with(const char *const *words)
{
    char *argv[32] = {NULL};
    static char texts[32][128];
    int argc = 0;
    const char *const first[] = {"pub", "-t", "t", "-m", "m", NULL};
    for (int i = 0; first[i] != NULL; i++, argc++)
        (void)snprintf(texts[argc], sizeof texts[0], "%s", first[i]);
    for (int i = 0; words[i] != NULL; i++, argc++)
        (void)snprintf(texts[argc], sizeof texts[0], "%s", words[i]);
    for (int i = 0; i < argc; i++)
        argv[i] = texts[i];
    return arguments_read(&a, ARGUMENTS_PUB, argc, argv);
}

#define READ(...) read_with((const char *const[]){__VA_ARGS__, NULL})

static void refused(enum arguments_result result, const char *word)
{
    CHECK_EQ(result, ARGUMENTS_WRONG);
    if (strstr(a.error, word) == NULL) CHECK_STR(a.error, word);
    arguments_fini(&a);
}

static void what_switches_it_on(void)
{
    CHECK_EQ(READ("-i", "x"), ARGUMENTS_OK);
    CHECK(a.client.tls == NULL);
    CHECK_EQ(a.client.port, 1883);
    arguments_fini(&a);
    CHECK_EQ(READ("--cafile", "ca"), ARGUMENTS_OK);
    REQUIRE(a.client.tls == &a.tls);
    CHECK_STR(a.client.tls->ca_file, "ca");
    CHECK_EQ(a.client.port, 8883);
    CHECK_EQ(a.client.tls->check, MOGI_TLS_CHECK_ALL);
    CHECK_STR(a.warning, "");
    arguments_fini(&a);
    CHECK_EQ(READ("--capath", "folder", "-p", "1"), ARGUMENTS_OK);
    CHECK(a.client.tls != NULL);
    CHECK_EQ(a.client.port, 1);
    arguments_fini(&a);
    CHECK_EQ(READ("--tls-use-os-certs", "--insecure"), ARGUMENTS_OK);
    REQUIRE(a.client.tls != NULL);
    CHECK(a.client.tls->system_cas);
    CHECK_EQ(a.client.tls->check, MOGI_TLS_CHECK_CHAIN);
    arguments_fini(&a);
}

static void urls(void)
{
    CHECK_EQ(READ("-L", "mqtts://u:p@host/x"), ARGUMENTS_OK);
    REQUIRE(a.client.tls != NULL);
    CHECK_EQ(a.client.port, 8883);
    CHECK_STR(a.client.host, "host");
    CHECK(a.client.tls->ca_file == NULL);
    arguments_fini(&a);
    CHECK_EQ(READ("-L", "MQTTS://host:99/x", "--cafile", "ca"), ARGUMENTS_OK);
    CHECK_EQ(a.client.port, 99);
    CHECK_STR(a.client.tls->ca_file, "ca");
    CHECK(!a.client.tls->system_cas);
    arguments_fini(&a);
    CHECK_EQ(READ("-L", "mqtt://host/x", "--cafile", "ca"), ARGUMENTS_OK);
    CHECK(a.client.tls != NULL);
    CHECK_EQ(a.client.port, 1883);
    arguments_fini(&a);
    refused(READ("-L", "wss://host/x"), "mqtts://");
}

static void keys_in_advance(void)
{
    CHECK_EQ(READ("--psk", "0aFF10", "--psk-identity", "me"), ARGUMENTS_OK);
    REQUIRE(a.client.tls != NULL);
    CHECK_BYTES(a.client.tls->psk.data, a.client.tls->psk.size, "\x0a\xff\x10",
                3);
    CHECK_STR(a.client.tls->psk_identity, "me");
    CHECK_EQ(a.client.port, 8883);
    arguments_fini(&a);
    CHECK_EQ(READ("--psk", "abc", "--psk-identity", "me"), ARGUMENTS_OK);
    CHECK_BYTES(a.tls.psk.data, a.tls.psk.size, "\x0a\xbc", 2);
    arguments_fini(&a);
    refused(READ("--psk", "", "--psk-identity", "me"), "TLS-PSK");
    refused(READ("--psk", "xy", "--psk-identity", "me"), "TLS-PSK");
    refused(READ("--psk", "ab"), "--psk-identity required");
    refused(READ("--psk", "ab", "--psk-identity", "m", "--cafile", "c"),
            "Only one of");
    char digits[2 * ARGUMENTS_PSK_MAX + 2];
    memset(digits, 'a', sizeof digits);
    digits[sizeof digits - 1] = '\0';
    a = (struct arguments){.psk_text = digits, .tls = {.psk_identity = "me"}};
    CHECK(!tls_option_check(&a));
    digits[sizeof digits - 2] = '\0';
    CHECK(tls_option_check(&a));
    CHECK_EQ(a.tls.psk.size, ARGUMENTS_PSK_MAX);
}

/* --no-tls undoes what a file of options says, whatever it is. */
static void none_at_all(void)
{
    CHECK_EQ(READ("--cafile", "c", "--key", "k", "--insecure", "--no-tls"),
             ARGUMENTS_OK);
    CHECK(a.client.tls == NULL);
    CHECK_EQ(a.client.port, 1883);
    CHECK_STR(a.warning, "");
    arguments_fini(&a);
}

static void versions_and_keys(void)
{
    CHECK_EQ(READ("--cafile", "c", "--tls-version", "tlsv1.3"), ARGUMENTS_OK);
    CHECK_EQ(a.client.tls->version_min, MOGI_TLS_13);
    arguments_fini(&a);
    CHECK_EQ(READ("--cafile", "c", "--tls-version", "tlsv1.2", "--cert", "x",
                  "--key", "y", "--keyform", "pem", "--tls-keylog", "z"),
             ARGUMENTS_OK);
    CHECK_EQ(a.client.tls->version_min, MOGI_TLS_12);
    CHECK_STR(a.client.tls->cert_file, "x");
    CHECK_STR(a.client.tls->key_file, "y");
    CHECK_STR(a.client.tls->keylog_file, "z");
    arguments_fini(&a);
    refused(READ("--cafile", "c", "--tls-version", "tlsv1.1"), "8996");
    refused(READ("--cafile", "c", "--tls-version", "ssl3"), "check the");
    refused(READ("--cafile", "c", "--cert", "x"), "Both certfile");
    refused(READ("--cafile", "c", "--key", "x"), "Both certfile");
    refused(READ("--cert", "x", "--key", "y"), "--cafile FILE");
    refused(READ("--cafile", "c", "--keyform", "pem"), "keyform");
    refused(
        READ("--cafile", "c", "--cert", "c", "--key", "k", "--keyform", "der"),
        "'pem'");
    refused(READ("--cafile", "c", "--cert", "c", "--key", "k", "--keyform",
                 "engine"),
            "OpenSSL 3");
    refused(READ("--cafile", "c", "--tls-engine", "x"), "OpenSSL 3");
    refused(READ("--tls-engine-kpass-sha1", "x"), "OpenSSL 3");
}

/* Nobody should believe to be protected. */
static void lonely_options_warn(void)
{
    static const char *const rows[][2] = {
        {"--insecure", NULL},      {"--tls-version", "tlsv1.2"},
        {"--tls-alpn", "mqtt"},    {"--ciphers", "X"},
        {"--ciphers-tls1.3", "X"}, {"--psk-identity", "X"},
        {"--tls-keylog", "X"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ(READ(rows[i][0], rows[i][1]), ARGUMENTS_OK);
        CHECK(a.client.tls == NULL);
        CHECK(strstr(a.warning, rows[i][0]) != NULL);
        arguments_fini(&a);
    }
}

/* A password is asked for once; without a terminal there is none. */
static void passwords(void)
{
    char text[16];
    int null = open("/dev/null", O_RDONLY);
    REQUIRE(null >= 0 && dup2(null, STDIN_FILENO) >= 0);
    close(null);
    CHECK_EQ(READ("--cafile", "c"), ARGUMENTS_OK);
    REQUIRE(a.client.tls->key_password != NULL);
    CHECK(a.client.tls->key_password_context == &a);
    CHECK_EQ(tls_option_password(&a, text, sizeof text), -1);
    (void)snprintf(a.key_password, sizeof a.key_password, "known");
    CHECK_EQ(tls_option_password(&a, text, sizeof text), 5);
    CHECK_BYTES(text, 5, "known", 5);
    CHECK_EQ(tls_option_password(&a, text, 4), -1);
    arguments_fini(&a);
}

int main(void)
{
    REQUIRE(setenv("XDG_CONFIG_HOME", "/nowhere", 1) == 0);
    RUN(passwords);
    RUN(what_switches_it_on);
    RUN(urls);
    RUN(keys_in_advance);
    RUN(none_at_all);
    RUN(versions_and_keys);
    RUN(lonely_options_warn);
    return check_result();
}
