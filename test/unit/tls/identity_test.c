#include "lab.h"
#include "tls/identity.h"

#include <openssl/err.h>

static struct trouble_text trouble;
static char text[IDENTITY_TEXT_MAX];

static void parts_of_a_certificate(void)
{
    struct lab_identity me = lab_make(&(struct lab_wish){
        .cn = "모기",
        .names = "DNS:a.example,email:me@example.org,URI:urn:x:1"});
    CHECK_EQ(identity_of(me.certificate, IDENTITY_CN, text, &trouble), OK);
    CHECK_STR(text, "모기");
    CHECK_EQ(identity_of(me.certificate, IDENTITY_SUBJECT, text, &trouble), OK);
    CHECK_STR(text, "CN=\\EB\\AA\\A8\\EA\\B8\\B0,O=Lab");
    CHECK_EQ(identity_of(me.certificate, IDENTITY_SAN_EMAIL, text, &trouble),
             OK);
    CHECK_STR(text, "me@example.org");
    CHECK_EQ(identity_of(me.certificate, IDENTITY_SAN_DNS, text, &trouble), OK);
    CHECK_STR(text, "a.example");
    CHECK_EQ(identity_of(me.certificate, IDENTITY_SAN_URI, text, &trouble), OK);
    CHECK_STR(text, "urn:x:1");
    lab_free(&me);
}

static void parts_that_are_missing(void)
{
    struct lab_identity me = lab_make(&(struct lab_wish){.names = "DNS:a"});
    CHECK_EQ(identity_of(me.certificate, IDENTITY_CN, text, &trouble),
             ERR_CREDENTIALS);
    CHECK_STR(trouble.text, "its certificate has no common name (CN)");
    CHECK_EQ(identity_of(me.certificate, IDENTITY_SAN_URI, text, &trouble),
             ERR_CREDENTIALS);
    CHECK_STR(trouble.text, "its certificate has no alternative name of kind "
                            "URI");
    CHECK_EQ(ERR_peek_error(), 0);
    lab_free(&me);
}

/* A name whose `size` bytes are not a C string. */
static X509 *certificate_named(const char *name, int size, int type)
{
    X509 *certificate = X509_new();
    REQUIRE(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                       type, (const unsigned char *)name, size,
                                       -1, 0) == 1);
    return certificate;
}

static void names_that_are_none(void)
{
    X509 *certificate = certificate_named("admin\0x", 7, V_ASN1_UTF8STRING);
    CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble),
             ERR_CREDENTIALS);
    CHECK(strstr(trouble.text, "zero byte") != NULL);
    X509_free(certificate);
    certificate = certificate_named("\xff\xfe", 2, V_ASN1_UTF8STRING);
    CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble),
             ERR_CREDENTIALS);
    CHECK(strstr(trouble.text, "is no text") != NULL);
    X509_free(certificate);
    char longer[IDENTITY_TEXT_MAX + 1];
    memset(longer, 'x', sizeof longer);
    certificate =
        certificate_named(longer, IDENTITY_TEXT_MAX, V_ASN1_UTF8STRING);
    CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble),
             ERR_CREDENTIALS);
    CHECK(strstr(trouble.text, "longer than 1023 bytes") != NULL);
    X509_free(certificate);
    certificate =
        certificate_named(longer, IDENTITY_TEXT_MAX - 1, V_ASN1_UTF8STRING);
    CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble), OK);
    CHECK_EQ(strlen(text), IDENTITY_TEXT_MAX - 1);
    X509_free(certificate);
    CHECK_EQ(ERR_peek_error(), 0);
}

/* Old kinds of text become UTF-8. */
static void latin_is_understood(void)
{
    X509 *certificate = certificate_named("K\xf6ln", 4, V_ASN1_T61STRING);
    CHECK_EQ(identity_of(certificate, IDENTITY_CN, text, &trouble), OK);
    CHECK_STR(text, "Köln");
    X509_free(certificate);
}

int main(void)
{
    RUN(parts_of_a_certificate);
    RUN(parts_that_are_missing);
    RUN(names_that_are_none);
    RUN(latin_is_understood);
    return check_result();
}
