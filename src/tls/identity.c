/* identity.c - see identity.h. */
#include "tls/identity.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* What a kind is called in messages, and how it stands in a certificate. */
static const struct {
    const char *name;
    int general; /* kind of GENERAL_NAME; -1: it is in the subject */
} KINDS[] = {
    [IDENTITY_NONE] = {"name", -1},
    [IDENTITY_CN] = {"common name (CN)", -1},
    [IDENTITY_SUBJECT] = {"subject", -1},
    [IDENTITY_SAN_EMAIL] = {"alternative name of kind email", GEN_EMAIL},
    [IDENTITY_SAN_DNS] = {"alternative name of kind DNS", GEN_DNS},
    [IDENTITY_SAN_URI] = {"alternative name of kind URI", GEN_URI},
};

/* Keep `size` bytes at `data` as the name. A NUL in it would make two names of
 * one: what a CA signed, and what is read here. */
static enum err text_keep(enum identity_kind kind, const void *data,
                          size_t size, char text[IDENTITY_TEXT_MAX],
                          struct trouble_text *trouble)
{
    const char *name = KINDS[kind].name;
    if (size == 0) {
        explain(trouble, "the %s of its certificate is empty", name);
    } else if (size >= IDENTITY_TEXT_MAX) {
        explain(trouble, "the %s of its certificate is longer than %d bytes",
                name, IDENTITY_TEXT_MAX - 1);
    } else if (memchr(data, 0, size) != NULL) {
        explain(trouble, "the %s of its certificate holds a zero byte", name);
    } else {
        memcpy(text, data, size);
        text[size] = '\0';
        return OK;
    }
    return ERR_CREDENTIALS;
}

static enum err string_keep(enum identity_kind kind, const ASN1_STRING *string,
                            char text[IDENTITY_TEXT_MAX],
                            struct trouble_text *trouble)
{
    unsigned char *data = NULL;
    int size = ASN1_STRING_to_UTF8(&data, string);
    if (size < 0) {
        ERR_clear_error();
        explain(trouble, "the %s of its certificate is no text",
                KINDS[kind].name);
        return ERR_CREDENTIALS;
    }
    enum err err = text_keep(kind, data, (size_t)size, text, trouble);
    OPENSSL_free(data);
    return err;
}

static enum err none_found(enum identity_kind kind,
                           struct trouble_text *trouble)
{
    explain(trouble, "its certificate has no %s", KINDS[kind].name);
    return ERR_CREDENTIALS;
}

static enum err cn_find(const X509 *certificate, char text[IDENTITY_TEXT_MAX],
                        struct trouble_text *trouble)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) return none_found(IDENTITY_CN, trouble);
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, index);
    return string_keep(IDENTITY_CN, X509_NAME_ENTRY_get_data(entry), text,
                       trouble);
}

static enum err subject_find(const X509 *certificate,
                             char text[IDENTITY_TEXT_MAX],
                             struct trouble_text *trouble)
{
    BIO *out = BIO_new(BIO_s_mem());
    if (out == NULL) return ERR_NO_MEMORY;
    enum err err = ERR_CREDENTIALS;
    char *data = NULL;
    long size = 0;
    if (X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253) >= 0) {
        size = BIO_get_mem_data(out, &data);
    }
    ERR_clear_error();
    err = text_keep(IDENTITY_SUBJECT, data, (size_t)size, text, trouble);
    BIO_free(out);
    return err;
}

static enum err san_find(const X509 *certificate, enum identity_kind kind,
                         char text[IDENTITY_TEXT_MAX],
                         struct trouble_text *trouble)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error();
    enum err err = ERR_MORE;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && err == ERR_MORE; i++) {
        int type;
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
        if (type != KINDS[kind].general) continue;
        err = string_keep(kind, value, text, trouble);
    }
    GENERAL_NAMES_free(names);
    return err == ERR_MORE ? none_found(kind, trouble) : err;
}

enum err identity_of(const X509 *certificate, enum identity_kind kind,
                     char text[IDENTITY_TEXT_MAX], struct trouble_text *trouble)
{
    assert(kind != IDENTITY_NONE);
    if (kind == IDENTITY_CN) return cn_find(certificate, text, trouble);
    if (kind == IDENTITY_SUBJECT) {
        return subject_find(certificate, text, trouble);
    }
    return san_find(certificate, kind, text, trouble);
}
