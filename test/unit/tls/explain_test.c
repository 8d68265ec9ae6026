#include "check.h"
#include "tls/explain.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static void says_what_it_is_told(void)
{
    struct trouble_text trouble;
    explain(&trouble, "the file %s", "x");
    CHECK_STR(trouble.text, "the file x");
    char longer[EXPLAIN_TEXT_MAX * 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    explain(&trouble, "%s", longer);
    CHECK_EQ(strlen(trouble.text), EXPLAIN_TEXT_MAX - 1);
}

static void empties_the_queue(void)
{
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    CHECK_STR(explain_reason(), "no shared cipher");
    CHECK_EQ(ERR_peek_error(), 0);
    CHECK_STR(explain_reason(), "no reason given");
}

static void handshakes(void)
{
    struct trouble_text trouble;
    explain_handshake(X509_V_OK, &trouble);
    CHECK_STR(trouble.text, "the peer closed the connection");
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    explain_handshake(X509_V_OK, &trouble);
    CHECK(strncmp(trouble.text, "no cipher in common", 19) == 0);
    ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
    explain_handshake(X509_V_ERR_CERT_REVOKED, &trouble);
    CHECK_STR(trouble.text,
              "the peer's certificate is refused: it was revoked");
    /* The same number in another library is another reason. */
    ERR_raise(ERR_LIB_EVP, SSL_R_NO_SHARED_CIPHER);
    explain_handshake(X509_V_OK, &trouble);
    CHECK(strncmp(trouble.text, "no cipher in common", 19) != 0);
    ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_RECORD);
    explain_handshake(X509_V_OK, &trouble);
    CHECK_STR(trouble.text, "unexpected record");
}

static void verdicts(void)
{
    CHECK_STR(explain_verdict(X509_V_ERR_CERT_HAS_EXPIRED), "it has expired");
    CHECK_STR(explain_verdict(X509_V_ERR_PATH_LENGTH_EXCEEDED),
              "path length constraint exceeded");
}

int main(void)
{
    /* As every program does that makes a context. */
    REQUIRE(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) == 1);
    RUN(says_what_it_is_told);
    RUN(empties_the_queue);
    RUN(handshakes);
    RUN(verdicts);
    return check_result();
}
