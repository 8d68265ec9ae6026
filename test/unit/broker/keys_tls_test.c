/* keys_tls_test.c - what a listener hears about TLS, and what is refused. */
#include "config_kit.h"

static void engines_are_refused(void)
{
    begin();
    set("tls_engine", "pkcs11");
    check_error("tls_engine: engines, which OpenSSL 3 gives up");
}

static void keys_of_our_own(void)
{
    begin();
    CHECK_EQ(config.tls_handshake_timeout_s, 10);
    set("tls_handshake_timeout", "3");
    CHECK_EQ(config.tls_handshake_timeout_s, 3);
    set("tls_handshake_timeout", "0");
    check_error("tls_handshake_timeout is 1 to 3600");
    set("identity_from", "san_uri");
    CHECK_EQ(config.common.tls.identity_from, 4);
    set("identity_from", "name");
    check_error("identity_from is one of: cn subject");
}

int main(void)
{
    RUN(engines_are_refused);
    RUN(keys_of_our_own);
    begin();
    return check_result();
}
