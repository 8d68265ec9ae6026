/* identity_fuzz.c - the name that a certificate gives its owner, of any bytes.
 *
 *     input   [ 0 ][ which name ][ a certificate, DER ]
 *             [ 1 ][ which name ][ type of string ][ the text ]
 *
 * What is taken for a name is text that a user name can be; what is not, is
 * refused with a reason.
 */
#include "fuzz.h"
#include "tls/identity.h"
#include "wire/utf8.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* Is it fit for a user name, or is there a reason why not? */
static void check_name(const X509 *certificate, enum identity_kind kind)
{
    char text[IDENTITY_TEXT_MAX];
    struct trouble_text trouble = {{0}};
    memset(text, 'x', sizeof text);
    enum err e = identity_of(certificate, kind, text, &trouble);
    PROMISE(e == OK || e == ERR_CREDENTIALS);
    PROMISE((e == OK) == (trouble.text[0] == '\0'));
    PROMISE(ERR_peek_error() == 0);
    if (e != OK) return;
    PROMISE(memchr(text, '\0', sizeof text) != NULL);
    PROMISE(text[0] != '\0');
    PROMISE(utf8_valid(bytes_of(text)));
}

static void check_der(struct bytes in, enum identity_kind kind)
{
    const unsigned char *at = in.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)in.size);
    ERR_clear_error();
    if (certificate != NULL) check_name(certificate, kind);
    X509_free(certificate);
}

static void subject_add(X509 *certificate, int type, struct bytes text)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    (void)X509_NAME_add_entry_by_NID(name, NID_commonName, type, text.data,
                                     (int)text.size, -1, 0);
}

static void other_add(X509 *certificate, int kind, int type, struct bytes text)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *string = ASN1_STRING_type_new(type);
    PROMISE(names != NULL && name != NULL && string != NULL);
    PROMISE(ASN1_STRING_set(string, text.data, (int)text.size) == 1);
    GENERAL_NAME_set0_value(name, kind, string);
    PROMISE(sk_GENERAL_NAME_push(names, name) > 0);
    (void)X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
}

static void check_made(struct bytes in, enum identity_kind kind)
{
    static const int types[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING,
                                V_ASN1_IA5STRING,  V_ASN1_T61STRING,
                                V_ASN1_BMPSTRING,  V_ASN1_UNIVERSALSTRING};
    static const int kinds[] = {[IDENTITY_SAN_EMAIL] = GEN_EMAIL,
                                [IDENTITY_SAN_DNS] = GEN_DNS,
                                [IDENTITY_SAN_URI] = GEN_URI};
    struct reader reader = reader_of(in);
    int type = types[fuzz_below(&reader, sizeof types / sizeof types[0])];
    struct bytes text = read_rest(&reader);
    X509 *certificate = X509_new();
    PROMISE(certificate != NULL);
    if (kind == IDENTITY_CN || kind == IDENTITY_SUBJECT) {
        subject_add(certificate, type, text);
    } else {
        other_add(certificate, kinds[kind], V_ASN1_IA5STRING, text);
    }
    ERR_clear_error();
    check_name(certificate, kind);
    X509_free(certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 14) return 0;
    enum identity_kind kind =
        (enum identity_kind)(IDENTITY_CN + data[1] % IDENTITY_SAN_URI);
    struct bytes in = bytes_at(data + 2, size - 2);
    uint8_t *copy = fuzz_copy(in);
    if (data[0] % 2 == 0) check_der(bytes_at(copy, in.size), kind);
    if (data[0] % 2 == 1) check_made(bytes_at(copy, in.size), kind);
    free(copy);
    return 0;
}
