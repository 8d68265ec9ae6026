#include "scene.h"

#include <sys/stat.h>

/* These options are refused with a sentence that has `word` in it. */
static void refused(const struct tls_client_options *o, const char *word)
{
    struct tls_client_context *c = NULL;
    struct tls_trouble t;
    CHECK_EQ(tls_client_context_new(o, &c, &t), ERR_CONFIG);
    CHECK(c == NULL);
    CHECK_EQ(t.kind, TLS_SETUP);
    if (strstr(t.text, word) == NULL) CHECK_STR(t.text, word);
}

static void accepted(const struct tls_client_options *o)
{
    tls_client_context_free(scene_client(o));
}

static void trust(void)
{
    accepted(&(struct tls_client_options){.ca_file = scene_path("ca.crt")});
    accepted(&(struct tls_client_options){.ca_folder = scene_folder});
    accepted(&(struct tls_client_options){.ca_file = scene_path("ca.crt"),
                                          .system_cas = true});
    accepted(&(struct tls_client_options){.check = TLS_CHECK_NOTHING});
    refused(&(struct tls_client_options){.ca_file = scene_path("no")},
            "No such file");
    refused(&(struct tls_client_options){.ca_file = scene_path("ca.key")},
            "no CA can be read");
    refused(&(struct tls_client_options){.ca_folder = scene_path("no")},
            "no folder of CAs");
}

static void identities(void)
{
    struct tls_pair other = scene_pair(TLS_FOR_CLIENT, "x", NULL, -1, 1);
    scene_write(&other, "x");
    tls_pair_fini(&other);
    accepted(&(struct tls_client_options){.cert_file = scene_path("x.crt"),
                                          .key_file = scene_path("x.key")});
    refused(&(struct tls_client_options){.cert_file = scene_path("x.crt"),
                                         .key_file = scene_path("ca.key")},
            "key values mismatch");
    refused(&(struct tls_client_options){.cert_file = scene_path("x.key"),
                                         .key_file = scene_path("x.key")},
            "no certificate can be read");
    refused(&(struct tls_client_options){.cert_file = scene_path("x.crt")},
            "cannot be used");
    refused(&(struct tls_client_options){.key_file = scene_path("x.key")},
            "has no certificate");
}

static int asked;

static int password(void *context, char *text, int size)
{
    const char *answer = context;
    asked += 1;
    (void)snprintf(text, (size_t)size, "%s", answer);
    return (int)strlen(answer);
}

static void locked_keys(void)
{
    char command[512], right[] = "open", wrong[] = "shut";
    (void)snprintf(command, sizeof command,
                   "openssl pkcs8 -topk8 -in %s -out %s -passout pass:open",
                   scene_path("x.key"), scene_path("locked.key"));
    REQUIRE(system(command) == 0);
    struct tls_client_options o = {.cert_file = scene_path("x.crt"),
                                   .key_file = scene_path("locked.key")};
    refused(&o, "no password for it");
    o.key_password = password;
    o.key_password_context = wrong;
    refused(&o, "cannot be used");
    CHECK_EQ(asked, 1);
    o.key_password_context = right;
    accepted(&o);
    CHECK_EQ(asked, 2);
}

static void ciphers_and_protocols(void)
{
    accepted(
        &(struct tls_client_options){.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
                                     .ciphersuites = "TLS_AES_128_GCM_SHA256",
                                     .version_min = TLS_13,
                                     .alpn = "mqtt"});
    refused(&(struct tls_client_options){.ciphers = "none"}, "TLS 1.2");
    refused(&(struct tls_client_options){.ciphersuites = "none"}, "TLS 1.3");
    refused(&(struct tls_client_options){.alpn = ""}, "ALPN");
}

static void keys_in_advance(void)
{
    uint8_t key[TLS_PSK_MAX + 1] = {1};
    char identity[TLS_IDENTITY_MAX + 2];
    memset(identity, 'x', sizeof identity);
    identity[TLS_IDENTITY_MAX] = '\0';
    accepted(&(struct tls_client_options){.psk = bytes_at(key, TLS_PSK_MAX),
                                          .psk_identity = identity});
    identity[TLS_IDENTITY_MAX] = 'x';
    identity[TLS_IDENTITY_MAX + 1] = '\0';
    refused(&(struct tls_client_options){.psk = bytes_at(key, 1),
                                         .psk_identity = identity},
            "identity");
    refused(&(struct tls_client_options){.psk = bytes_at(key, 1)}, "identity");
    refused(&(struct tls_client_options){.psk = bytes_at(key, sizeof key),
                                         .psk_identity = "x"},
            "longer");
}

static void secrets_go_where_they_can(void)
{
    struct stat about;
    const char *path = scene_path("keys.log");
    accepted(&(struct tls_client_options){.keylog_file = path});
    REQUIRE(stat(path, &about) == 0);
    CHECK_EQ(about.st_mode & 0777, 0600);
    refused(&(struct tls_client_options){.keylog_file = scene_folder},
            "Is a directory");
}

static void keys_in_words(void)
{
    static uint8_t key[TLS_PSK_MAX];
    char digits[2 * TLS_PSK_MAX + 2];
    CHECK_EQ(tls_psk_read("0aFF10", key), 3);
    CHECK_BYTES(key, 3, "\x0a\xff\x10", 3);
    CHECK_EQ(tls_psk_read("abc", key), 2);
    CHECK_BYTES(key, 2, "\x0a\xbc", 2);
    CHECK_EQ(tls_psk_read("", key), 0);
    CHECK_EQ(tls_psk_read("0x", key), 0);
    memset(digits, 'a', sizeof digits);
    digits[2 * TLS_PSK_MAX + 1] = '\0';
    CHECK_EQ(tls_psk_read(digits, key), 0);
    digits[2 * TLS_PSK_MAX] = '\0';
    CHECK_EQ(tls_psk_read(digits, key), TLS_PSK_MAX);
}

int main(void)
{
    scene_set();
    RUN(trust);
    RUN(identities);
    RUN(locked_keys);
    RUN(ciphers_and_protocols);
    RUN(keys_in_advance);
    RUN(secrets_go_where_they_can);
    RUN(keys_in_words);
    scene_clear();
    return check_result();
}
