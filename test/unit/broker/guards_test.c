/* guards_test.c - the configuration's files become methods and rules, each
 * read once, or an error that says where. */
#include "auth/passhash.h"
#include "broker/guards.h"
#include "config_kit.h"

#include <sys/stat.h>

static char folder[] = "/tmp/mogi-guards-XXXXXX";
static char hash[PASSHASH_TEXT_MAX];
static struct guards *guards;

static const char *file(const char *name)
{
    static char path[4][128];
    static unsigned next;
    char *to = path[next++ % 4];
    (void)snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static void write_file(const char *name, const char *text)
{
    FILE *to = fopen(file(name), "w");
    REQUIRE(to != NULL);
    for (; *text != '\0'; text++) {
        if (*text == '@') {
            fputs(hash, to);
        } else {
            fputc(*text, to);
        }
    }
    fclose(to);
    chmod(file(name), 0600);
}

/* One or two listeners, of which the second is `entry`'s. */
static void start(void)
{
    guards_unref(guards);
    guards = NULL;
    begin();
    struct config_listener *a = config_listener_add(&config);
    struct config_listener *b = config_listener_add(&config);
    a->entry.anonymous = b->entry.anonymous = ANONYMOUS_NO;
    a->port = 1;
    b->port = 2;
    config.per_listener = true;
}

static void text_set(char *to, const char *from)
{
    (void)snprintf(to, CONFIG_TEXT_MAX, "%s", from);
}

static struct config_entry *entry(size_t index)
{
    return &config.listeners[index].entry;
}

static enum err make(void)
{
    return guards_new(&config, &guards, &reports);
}

static bool noted(const char *text)
{
    for (size_t i = 0; i < reports.notes.count; i++) {
        if (strstr(reports.notes.lines[i], text) != NULL) return true;
    }
    return false;
}

static void files_are_read_once(void)
{
    start();
    text_set(entry(0)->password_file, file("pw"));
    text_set(entry(1)->password_file, file("pw"));
    text_set(entry(0)->acl_file, file("acl"));
    text_set(entry(1)->acl_file, file("acl"));
    CHECK(guards_wanted(&config.listeners[0]));
    CHECK_EQ(make(), OK);
    CHECK_EQ(reports.notes.count, 0);
    CHECK(guards_ask(guards, 0) && guards_ask(guards, 1));
    CHECK(guards->list[0].acl == guards->list[1].acl);
    CHECK(guards->list[0].chain != guards->list[1].chain);
    CHECK(guards->list[0].chain->methods[0] ==
          guards->list[1].chain->methods[0]);
    struct guards *more = guards_ref(guards);
    guards_stop(more);
    guards_unref(more);
}

static void listeners_differ(void)
{
    start();
    text_set(entry(0)->password_file, file("pw"));
    entry(1)->anonymous = ANONYMOUS_YES;
    CHECK_EQ(make(), OK);
    CHECK(guards_ask(guards, 0) && !guards_ask(guards, 1));
    CHECK(guards->list[0].acl == NULL);
    CHECK(!guards->list[0].chain->allow_anonymous);
    CHECK(guards->list[1].chain->allow_anonymous);
    CHECK(!guards_wanted(&config.listeners[1]));
}

static void what_is_doubtful_is_noted(void)
{
    start();
    text_set(entry(0)->acl_file, file("acl"));
    entry(0)->anonymous = ANONYMOUS_YES;
    CHECK_EQ(make(), OK);
    CHECK(noted("nothing checks who is who"));
    CHECK(noted("nobody can come in at port 2"));
    start();
    text_set(entry(0)->password_file, file("pw"));
    text_set(entry(0)->acl_file, file("acl"));
    entry(1)->anonymous = ANONYMOUS_YES;
    chmod(file("pw"), 0644);
    chmod(file("acl"), 0646);
    CHECK_EQ(make(), OK);
    CHECK_EQ(reports.notes.count, 2);
    CHECK(noted("pw can be read by every user of this machine: chmod o-r"));
    CHECK(noted("acl can be changed by every user"));
    chmod(file("pw"), 0600);
    chmod(file("acl"), 0644);
}

static void what_is_wrong_is_an_error(void)
{
    start();
    text_set(entry(0)->password_file, file("plain"));
    CHECK_EQ(make(), ERR_CONFIG);
    CHECK(guards == NULL);
    check_error("plain:2: the password is not hashed; run this once: mogi");
    start();
    text_set(entry(0)->acl_file, file("none"));
    CHECK_EQ(make(), ERR_CONFIG);
    check_error("none: No such file");
}

static void the_order_may_be_said(void)
{
    start();
    text_set(entry(0)->password_file, file("pw"));
    config.listeners[0].tls.use_identity_as_username = true;
    CHECK_EQ(make(), OK);
    CHECK_EQ(guards->list[0].chain->count, 2);
    const struct auth_chain *chain = guards->list[0].chain;
    CHECK_STR(auth_shared_method(chain->methods[0])->kind->name, "certificate");
    start();
    text_set(entry(0)->password_file, file("pw"));
    text_set(entry(0)->auth_order, "password_file, certificate");
    config.listeners[0].tls.use_identity_as_username = true;
    CHECK_EQ(make(), OK);
    chain = guards->list[0].chain;
    CHECK_STR(auth_shared_method(chain->methods[1])->kind->name, "certificate");
    text_set(entry(0)->auth_order, "certificate");
    guards_unref(guards);
    guards = NULL;
    CHECK_EQ(make(), ERR_CONFIG);
    check_error("auth_order leaves out password_file");
    text_set(entry(0)->auth_order, "password_file moon");
    CHECK_EQ(make(), ERR_CONFIG);
    check_error("auth_order: 'moon' is no method");
    text_set(entry(0)->auth_order, "password_file password_file");
    CHECK_EQ(make(), ERR_CONFIG);
    check_error("stands there twice");
}

/* The core lets in whom TLS has proven; nobody else need be asked. */
static void a_certificate_alone_asks_nobody(void)
{
    start();
    config.listeners[0].tls.use_subject_as_username = true;
    CHECK_EQ(make(), OK);
    CHECK(!guards_ask(guards, 0));
}

int main(void)
{
    REQUIRE(mkdtemp(folder) != NULL);
    REQUIRE(passhash_make(PASSHASH_PBKDF2, 1, bytes_of("x"), hash) == OK);
    write_file("pw", "ann:@\n");
    write_file("plain", "ann:@\nbob:secret\n");
    write_file("acl", "user ann\ntopic read a\n");
    RUN(files_are_read_once);
    RUN(listeners_differ);
    RUN(what_is_doubtful_is_noted);
    RUN(what_is_wrong_is_an_error);
    RUN(the_order_may_be_said);
    RUN(a_certificate_alone_asks_nobody);
    guards_unref(guards);
    begin();
    unlink(file("pw"));
    unlink(file("plain"));
    unlink(file("acl"));
    rmdir(folder);
    return check_result();
}
