/* sources_test.c - what a listener names becomes a method, and two that name
 * the same are told from two that do not. */
#include "broker/sources.h"
#include "config_kit.h"

enum { CERTIFICATE, SCRAM, JWT, PASSWORDS, HTTP };

static char path[] = "/tmp/mogi-sources-XXXXXX";
static struct config_listener a, b;

static void file_write(const char *text)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void copy(char *to, const char *from)
{
    (void)snprintf(to, CONFIG_TEXT_MAX, "%s", from);
}

static void start(void)
{
    begin();
    config_listener_init(&a);
    config_listener_init(&b);
}

static void url_add(struct config_listener *listener, const char *url)
{
    struct config_texts *texts = &listener->entry.http.url;
    copy(texts->list[texts->count++], url);
}

static void they_have_names(void)
{
    CHECK_EQ(source_find("certificate", 11), CERTIFICATE);
    CHECK_EQ(source_find("http", 4), HTTP);
    CHECK_EQ(source_find("jwt password_file", 3), JWT);
    CHECK_EQ(source_find("jw", 2), SOURCE_COUNT);
    CHECK_EQ(source_find("", 0), SOURCE_COUNT);
    CHECK_STR(sources[SCRAM].name, "scram");
    CHECK(sources[CERTIFICATE].by_tls && !sources[JWT].by_tls);
}

static void nothing_is_wanted_at_first(void)
{
    start();
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        CHECK(!sources[i].wanted(&a));
    a.tls.use_subject_as_username = true;
    copy(a.entry.scram_file, "/s");
    copy(a.entry.jwt.secret_file, "/j");
    copy(a.entry.password_file, "/p");
    url_add(&a, "http://127.0.0.1/");
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        CHECK(sources[i].wanted(&a));
}

static void differences_are_seen(void)
{
    start();
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        CHECK(sources[i].same(&a, &b));
    copy(b.entry.scram_file, "/s");
    b.entry.jwt.leeway_s += 1;
    copy(b.entry.password_file, "/p");
    url_add(&b, "http://127.0.0.1/");
    for (size_t i = SCRAM; i < SOURCE_COUNT; i++)
        CHECK(!sources[i].same(&a, &b));
    url_add(&a, "http://127.0.0.1/");
    CHECK(sources[HTTP].same(&a, &b));
    b.entry.http.url.list[0][7]++;
    CHECK(!sources[HTTP].same(&a, &b));
}

static void files_are_named(void)
{
    struct source_file files[SOURCE_FILES_MAX];
    start();
    copy(a.entry.jwt.key_file, "/k");
    copy(a.entry.jwt.secret_file, "/j");
    CHECK_EQ(sources[JWT].files(&a, files), 2);
    CHECK_STR(files[0].key, "jwt_key_file");
    CHECK(!files[0].secret);
    CHECK_STR(files[1].path, "/j");
    CHECK(files[1].secret);
    CHECK_EQ(sources[SCRAM].files(&a, files), 1);
    CHECK(files[0].secret);
    CHECK_EQ(sources[PASSWORDS].files(&a, files), 1);
    CHECK(sources[HTTP].files == NULL);
}

static void check_open(size_t source, enum err wanted, const char *because)
{
    struct auth_method method;
    struct fault fault = {.text = ""};
    enum err e = sources[source].open(&config, &a, &method, &fault);
    CHECK_EQ(e, wanted);
    if (strstr(fault.text, because) == NULL) CHECK_STR(fault.text, because);
    if (e != OK) return;
    CHECK_STR(method.kind->name, sources[source].name);
    if (method.kind->free != NULL) method.kind->free(method.self);
}

static void methods_are_made(void)
{
    start();
    check_open(CERTIFICATE, OK, "");
    copy(a.entry.password_file, path);
    copy(a.entry.scram_file, path);
    copy(a.entry.jwt.secret_file, path);
    url_add(&a, "http://127.0.0.1:1/");
    a.entry.http.header.count = 1;
    copy(a.entry.http.header.list[0], "X-Key: value");
    file_write("");
    check_open(PASSWORDS, OK, "");
    check_open(SCRAM, OK, "");
    check_open(HTTP, OK, "");
    check_open(JWT, ERR_CONFIG, "32 bytes at least");
    file_write("0123456789abcdef0123456789abcdef");
    check_open(JWT, OK, "");
    check_open(SCRAM, ERR_CONFIG, ":1: there is no ':'");
    copy(a.entry.http.header.list[0], "no header");
    check_open(HTTP, ERR_CONFIG, "is no header like");
    for (unsigned i = 0; i < 4; i++)
        url_add(&a, "http://127.0.0.1:1/");
    check_open(HTTP, ERR_CONFIG, "http_auth_url stands more than 4 times");
}

int main(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    RUN(they_have_names);
    RUN(nothing_is_wanted_at_first);
    RUN(differences_are_seen);
    RUN(files_are_named);
    RUN(methods_are_made);
    unlink(path);
    begin();
    return check_result();
}
