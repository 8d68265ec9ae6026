/* tls_option.c - see tls_option.h. */
#include "cli/tls_option.h"

#include "cli/options.h"
#include "cli/prompt.h"
#include "tls/client_context.h"

#include <unistd.h>

enum { PLAIN_PORT = 1883, TLS_PORT = 8883 };

bool tls_option_engine(struct arguments *a, const char *value)
{
    (void)value;
    return options_wrong(
        a, "Error: Problem setting TLS engine: OpenSSL 3 has replaced engines "
           "with providers, and mogi uses none. Give the key as a PEM file "
           "(--key).\n");
}

bool tls_option_version(struct arguments *a, const char *value)
{
    a->tls_version_given = true;
    if (strcmp(value, "tlsv1.3") == 0) {
        a->tls.version_min = MOGI_TLS_13;
        return true;
    }
    if (strcmp(value, "tlsv1.2") == 0) {
        a->tls.version_min = MOGI_TLS_12;
        return true;
    }
    if (strcmp(value, "tlsv1.1") == 0) {
        return options_wrong(a, "Error: TLS 1.1 is not safe any more (RFC "
                                "8996): mogi speaks 1.2 and 1.3. Leave "
                                "--tls-version out.\n");
    }
    return options_wrong(a, "Error: Problem setting TLS options, check the "
                            "options are valid: --tls-version is tlsv1.2 or "
                            "tlsv1.3.\n");
}

int tls_option_password(void *context, char *text, int size)
{
    struct arguments *a = context;
    bool known = a->key_password[0] != '\0';
    if (!known && (isatty(STDIN_FILENO) == 0 ||
                   prompt_secret("Password of the key: ", a->key_password,
                                 sizeof a->key_password) != OK)) {
        return -1;
    }
    size_t length = strlen(a->key_password);
    if (length > (size_t)size) return -1;
    memcpy(text, a->key_password, length);
    return (int)length;
}

static bool keyform_check(struct arguments *a)
{
    if (a->keyform == NULL || strcmp(a->keyform, "pem") == 0) return true;
    if (strcmp(a->keyform, "engine") == 0) {
        return tls_option_engine(a, a->keyform);
    }
    return options_wrong(a, "Error: Problem setting key form, it must be one "
                            "of 'pem' or 'engine'.\n");
}

static bool psk_read(struct arguments *a)
{
    if (a->psk_text == NULL) return true;
    size_t size = tls_psk_read(a->psk_text, a->psk);
    a->tls.psk = (struct mogi_bytes){a->psk, size};
    if (size > 0) return true;
    return options_wrong(a,
                         "Error: Problem setting TLS-PSK options: --psk "
                         "takes 1 to %zu bytes in hexadecimal.\n",
                         sizeof a->psk);
}

/* Is TLS switched on? */
static bool is_on(const struct arguments *a)
{
    if (a->no_tls) return false;
    return a->tls.ca_file != NULL || a->tls.ca_folder != NULL ||
           a->tls.system_cas || a->psk_text != NULL || a->tls_by_url;
}

bool tls_option_check(struct arguments *a)
{
    const struct mogi_tls *t = &a->tls;
    if (a->no_tls) return true;
    if ((t->cert_file == NULL) != (t->key_file == NULL)) {
        return options_wrong(a, "Error: Both certfile and keyfile must be "
                                "provided if one of them is set.\n");
    }
    if (a->keyform != NULL && t->key_file == NULL) {
        return options_wrong(a, "Error: If keyform is set, keyfile must be "
                                "also specified.\n");
    }
    bool ca = t->ca_file != NULL || t->ca_folder != NULL;
    if (ca && a->psk_text != NULL) {
        return options_wrong(a, "Error: Only one of --psk or --cafile/--capath "
                                "may be used at once.\n");
    }
    if (a->psk_text != NULL && t->psk_identity == NULL) {
        return options_wrong(a,
                             "Error: --psk-identity required if --psk used.\n");
    }
    if (t->cert_file != NULL && !is_on(a)) {
        return options_wrong(a, "Error: --cert is for TLS, and nothing "
                                "switches it on: add --cafile FILE with the "
                                "broker's CA, --capath or "
                                "--tls-use-os-certs.\n");
    }
    return keyform_check(a) && psk_read(a);
}

/* As with mosquitto's clients, these alone connect without TLS; but nobody
 * should believe that they are protected. */
static void warning_set(struct arguments *a)
{
    const char *lonely = a->insecure                   ? "--insecure"
                         : a->tls_version_given        ? "--tls-version"
                         : a->tls.alpn != NULL         ? "--tls-alpn"
                         : a->tls.ciphers != NULL      ? "--ciphers"
                         : a->tls.ciphersuites != NULL ? "--ciphers-tls1.3"
                         : a->tls.psk_identity != NULL ? "--psk-identity"
                         : a->tls.keylog_file != NULL  ? "--tls-keylog"
                                                       : NULL;
    if (lonely == NULL || a->no_tls) return;
    (void)snprintf(a->warning, sizeof a->warning,
                   "Warning: %s does not switch TLS on, and this connection "
                   "has none: add --cafile FILE, --tls-use-os-certs or "
                   "--psk.\n",
                   lonely);
}

void tls_option_finish(struct arguments *a)
{
    bool on = is_on(a);
    if (a->client.port == 0) a->client.port = on ? TLS_PORT : PLAIN_PORT;
    if (!on) {
        warning_set(a);
        return;
    }
    if (a->insecure) a->tls.check = MOGI_TLS_CHECK_CHAIN;
    a->tls.key_password = tls_option_password;
    a->tls.key_password_context = a;
    a->client.tls = &a->tls;
}
