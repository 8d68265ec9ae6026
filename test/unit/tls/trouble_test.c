#include "scene.h"

#include <errno.h>
#include <openssl/err.h>

static void setup_says_why(void)
{
    struct tls_trouble t;
    tls_trouble_clear(&t);
    CHECK_EQ(t.kind, TLS_FINE);
    CHECK_STR(t.text, "");
    tls_trouble_setup(&t, "the file '%s'", "x");
    CHECK_EQ(t.kind, TLS_SETUP);
    CHECK_STR(t.text, "the file 'x'");
    ERR_raise(ERR_LIB_SYS, ENOENT);
    tls_trouble_setup(&t, "the file '%s'", "x");
    CHECK_STR(t.text, "the file 'x': No such file or directory");
    CHECK_EQ(ERR_peek_error(), 0);
}

static enum tls_trouble_kind alert(int number)
{
    struct tls_trouble t;
    tls_trouble_clear(&t);
    ERR_raise(ERR_LIB_SSL, 1000 + number);
    tls_trouble_take(&t, SSL_ERROR_SSL, 0, false);
    CHECK(strlen(t.text) > 20);
    CHECK_EQ(ERR_peek_error(), 0);
    return t.kind;
}

static void alerts(void)
{
    static const int known[] = {40, 42, 43, 44, 45,  46,  47,  48,
                                49, 51, 70, 71, 112, 115, 116, 120};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        CHECK_EQ(alert(known[i]), TLS_REFUSED);
    }
    CHECK_EQ(alert(80), TLS_BROKEN);
}

static void the_network(void)
{
    struct tls_trouble t;
    tls_trouble_clear(&t);
    tls_trouble_take(&t, SSL_ERROR_SYSCALL, ECONNRESET, true);
    CHECK_EQ(t.kind, TLS_NOT_SPOKEN);
    CHECK(strstr(t.text, "Connection reset by peer") != NULL);
    tls_trouble_clear(&t);
    tls_trouble_take(&t, SSL_ERROR_SYSCALL, 0, false);
    CHECK_EQ(t.kind, TLS_BROKEN);
    tls_trouble_clear(&t);
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
    tls_trouble_take(&t, SSL_ERROR_SSL, 0, true);
    CHECK_EQ(t.kind, TLS_NOT_SPOKEN);
    tls_trouble_clear(&t);
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
    tls_trouble_take(&t, SSL_ERROR_SSL, 0, false);
    CHECK_EQ(t.kind, TLS_BROKEN);
}

static void names(void)
{
    struct tls_pair p = scene_pair(TLS_FOR_SERVER, "::1", &scene_ca, -1, 1);
    char text[64];
    tls_trouble_names(p.cert, text, sizeof text);
    CHECK_STR(text, "::1");
    tls_trouble_names(scene_ca.cert, text, sizeof text);
    CHECK_STR(text, "");
    tls_pair_fini(&p);
}

int main(void)
{
    scene_set();
    RUN(setup_says_why);
    RUN(alerts);
    RUN(the_network);
    RUN(names);
    scene_clear();
    return check_result();
}
