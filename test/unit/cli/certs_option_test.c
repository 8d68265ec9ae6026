#include "check.h"
#include "cli/certs_option.h"

static struct certs_options o;
static char said[256];

/* What comes of `mogi certs` and these words; what it says is in `said`. */
static bool read_with(const char *const *words)
{
    static char texts[128][64];
    char *argv[128] = {NULL};
    int argc = 1;
    char name[] = "certs";
    argv[0] = name;
    for (; words[argc - 1] != NULL; argc++) {
        (void)snprintf(texts[argc], sizeof texts[0], "%s", words[argc - 1]);
        argv[argc] = texts[argc];
    }
    memset(said, 0, sizeof said);
    FILE *errors = fmemopen(said, sizeof said, "w");
    REQUIRE(errors != NULL);
    bool good = certs_option_read(&o, argc, argv, errors);
    (void)fclose(errors);
    return good;
}

#define READ(...) read_with((const char *const[]){__VA_ARGS__, NULL})

static void defaults(void)
{
    CHECK(READ("init"));
    CHECK_STR(o.command, "init");
    CHECK_STR(o.folder, "certs");
    CHECK_EQ(o.days, 825);
    CHECK_EQ(o.key, TLS_KEY_P256);
    CHECK(!o.force && !o.help);
    CHECK_EQ(o.name_count + o.host_count, 0);
}

static void everything(void)
{
    CHECK(READ("--dir", "d", "client", "a", "--days", "7", "b", "--key",
               "ed25519", "--force", "--host", "x", "--host", "y"));
    CHECK_STR(o.command, "client");
    CHECK_EQ(o.name_count, 2);
    CHECK_STR(o.names[1], "b");
    CHECK_EQ(o.host_count, 2);
    CHECK_STR(o.hosts[1], "y");
    CHECK_STR(o.folder, "d");
    CHECK_EQ(o.days, 7);
    CHECK_EQ(o.key, TLS_KEY_ED25519);
    CHECK(o.force);
    CHECK(READ("init", "--key", "rsa"));
    CHECK_EQ(o.key, TLS_KEY_RSA);
    CHECK(READ("init", "--key", "p384"));
    CHECK_EQ(o.key, TLS_KEY_P384);
    CHECK(READ("--help"));
    CHECK(o.help);
}

static void mistakes(void)
{
    static const char *const rows[][4] = {
        {"init", "--days", "0", "1 to 36500"},
        {"init", "--days", "x", "1 to 36500"},
        {"init", "--days", "36501", "1 to 36500"},
        {"init", "--key", "dsa", "p256"},
        {"init", "--dir", "", "empty"},
        {"init", "--nope", "x", "no such option"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(!READ(rows[i][0], rows[i][1], rows[i][2]));
        if (strstr(said, rows[i][3]) == NULL) CHECK_STR(said, rows[i][3]);
    }
    CHECK(!READ("init", "--dir"));
    CHECK(strstr(said, "wants a value") != NULL);
    CHECK(!READ("--force"));
    CHECK(strstr(said, "say init") != NULL);
}

static void limits(void)
{
    const char *names[CERTS_NAMES_MAX + 3] = {"client"};
    for (size_t i = 1; i <= CERTS_NAMES_MAX; i++)
        names[i] = "n";
    CHECK(read_with(names));
    names[CERTS_NAMES_MAX + 1] = "n";
    CHECK(!read_with(names));
}

static void help(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    certs_option_help(to);
    (void)fclose(to);
    CHECK(strstr(text, "mogi certs init") != NULL);
    CHECK(strstr(text, "--force") != NULL);
    free(text);
}

int main(void)
{
    RUN(defaults);
    RUN(everything);
    RUN(mistakes);
    RUN(limits);
    RUN(help);
    return check_result();
}
