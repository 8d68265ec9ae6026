/* keys_tls_test.c - what is not built is refused, and says what to do. */
#include "config_kit.h"

static void engines_are_refused(void)
{
    begin();
    set("tls_engine", "pkcs11");
    check_error("tls_engine: OpenSSL 3 has no engines");
}

int main(void)
{
    RUN(engines_are_refused);
    begin();
    return check_result();
}
