/* httpauth_test.c - clients that a web server lets in, or does not. */
#include "auth/chain.h"
#include "auth/httpauth.h"
#include "core/acl.h"
#include "stage.h"
#include "webserver.h"

#include <semaphore.h>

/* A runner whose `wake` is answered by the test's own thread. */
struct desk {
    struct auth_runner runner; /* first */
    sem_t woken;
    pthread_mutex_t lock;
    struct auth_call *calls[4]; /* woken, and not yet back */
    size_t count;
    enum auth_step step;
    bool done, has_acl;
    enum err why;
    char reason[128], user[32];
    uint64_t expires_s;
};

static void desk_wake(struct auth_runner *runner, struct auth_call *call)
{
    struct desk *desk = (struct desk *)(void *)runner;
    pthread_mutex_lock(&desk->lock);
    desk->calls[desk->count++] = call;
    pthread_mutex_unlock(&desk->lock);
    sem_post(&desk->woken);
}

static void desk_done(struct auth_call *call, enum auth_step step)
{
    struct desk *desk = call->owner;
    const struct auth_answer *answer = &call->answer;
    desk->done = true;
    desk->step = step;
    desk->why = answer->why;
    desk->has_acl = answer->acl != NULL;
    desk->expires_s = answer->expires_s;
    (void)snprintf(desk->reason, sizeof desk->reason, "%s",
                   answer->reason == NULL ? "" : answer->reason);
    (void)snprintf(desk->user, sizeof desk->user, "%.*s",
                   (int)answer->user.size, (const char *)answer->user.data);
    auth_call_free(call);
}

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){.runner = {.wake = desk_wake}};
    sem_init(&desk->woken, 0, 0);
    pthread_mutex_init(&desk->lock, NULL);
}

static void desk_wait(struct desk *desk)
{
    while (sem_wait(&desk->woken) != 0) {
    }
    pthread_mutex_lock(&desk->lock);
    struct auth_call *call = desk->calls[--desk->count];
    pthread_mutex_unlock(&desk->lock);
    auth_call_back(call);
}

static struct auth_call *ask(struct desk *desk, struct auth_chain *chain,
                             const struct auth_request *request)
{
    desk->done = false;
    struct auth_call *call =
        auth_call_new(chain, request, &desk->runner, desk_done, desk);
    REQUIRE(call != NULL);
    auth_call_begin(call);
    return call;
}

static struct auth_request request_of(const char *user, const char *password)
{
    return (struct auth_request){.has_user = true,
                                 .user = bytes_of(user),
                                 .has_password = true,
                                 .password = bytes_of(password)};
}

static struct auth_chain *chain_of(struct httpauth_options options,
                                   const char *url)
{
    struct auth_method method;
    struct fault fault = {{0}};
    options.worker.urls[0] = url;
    options.worker.url_count = 1;
    CHECK_EQ(httpauth_open(&options, &method, &fault), OK);
    CHECK_STR(fault.text, "");
    return stage_chain_of(method);
}

/* Knows "anna" with password "right", and says the rest by name. */
static const char *say(void *of, const char *question)
{
    (void)of;
    if (strstr(question, "\"password\":\"right\"") == NULL) {
        return "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    }
    if (strstr(question, "\"username\":\"pass\"") != NULL)
        return WEBSERVER_OK("{\"result\":\"ignore\"}");
    if (strstr(question, "\"username\":\"odd\"") != NULL)
        return WEBSERVER_OK("<html>");
    if (strstr(question, "\"username\":\"ruled\"") != NULL)
        return WEBSERVER_OK("{\"result\":\"allow\",\"acl\":[],"
                            "\"expire_at\":99999999999}");
    return WEBSERVER_OK("ok");
}

static void check_login(struct auth_chain *chain, const char *user,
                        const char *password, enum err why, const char *reason)
{
    struct desk desk;
    struct auth_request request = request_of(user, password);
    desk_init(&desk);
    (void)ask(&desk, chain, &request);
    if (!desk.done) desk_wait(&desk);
    CHECK(desk.done);
    CHECK_EQ(desk.step, why == OK ? AUTH_ACCEPT : AUTH_REFUSE);
    CHECK_EQ(desk.why, why);
    CHECK_STR(desk.reason, reason);
    CHECK_STR(desk.user, why == OK ? user : "");
    CHECK_EQ(desk.has_acl, strcmp(user, "ruled") == 0);
    CHECK_EQ(desk.expires_s > 0, desk.has_acl);
    sem_destroy(&desk.woken);
}

static void the_server_decides(void)
{
    struct webserver server;
    webserver_begin(&server, say, NULL);
    struct auth_chain *chain =
        chain_of((struct httpauth_options){.cache_s = 0}, server.url);
    check_login(chain, "anna", "right", OK, "");
    check_login(chain, "anna", "right", OK, "");
    check_login(chain, "ruled", "right", OK, "");
    CHECK_EQ(server.questions, 3);
    check_login(chain, "anna", "wrong", ERR_CREDENTIALS,
                "the web server refused it");
    check_login(chain, "pass", "right", ERR_CREDENTIALS,
                "nobody here knows that user name");
    check_login(chain, "odd", "right", ERR_UNAVAILABLE,
                "its body is neither empty, \"ok\" nor a JSON object");
    check_login(chain, "anna", "\xff", ERR_CREDENTIALS,
                "its user name or password is not UTF-8, which JSON has to be: "
                "see http_auth_format");
    auth_chain_unref(chain);
    webserver_end(&server);
}

static void what_it_allows_is_remembered(void)
{
    struct webserver server;
    webserver_begin(&server, say, NULL);
    struct auth_chain *chain =
        chain_of((struct httpauth_options){.cache_s = 1000}, server.url);
    for (unsigned i = 0; i < 3; i++) {
        check_login(chain, "anna", "right", OK, "");
        check_login(chain, "ruled", "right", OK, "");
    }
    CHECK_EQ(server.questions, 2);
    for (unsigned i = 0; i < 2; i++)
        check_login(chain, "anna", "wrong", ERR_CREDENTIALS,
                    "the web server refused it");
    CHECK_EQ(server.questions, 4);
    webserver_end(&server);
    check_login(chain, "anna", "right", OK, "");
    check_login(chain, "bert", "right", ERR_UNAVAILABLE,
                "the web server cannot be reached");
    auth_chain_unref(chain);
}

static void a_server_that_is_down_may_be_passed(void)
{
    struct webserver server;
    webserver_begin(&server, say, NULL);
    struct auth_chain *chain =
        chain_of((struct httpauth_options){.down_pass = true}, server.url);
    check_login(chain, "odd", "right", ERR_CREDENTIALS,
                "nobody here knows that user name");
    webserver_end(&server);
    check_login(chain, "anna", "right", ERR_CREDENTIALS,
                "nobody here knows that user name");
    auth_chain_unref(chain);
}

static void others_are_passed_on(void)
{
    struct webserver server;
    struct desk desk;
    webserver_begin(&server, say, NULL);
    desk_init(&desk);
    struct auth_chain *chain =
        chain_of((struct httpauth_options){.cache_s = 0}, server.url);
    struct auth_request nobody = {.client_id = bytes_of("c")};
    (void)ask(&desk, chain, &nobody);
    CHECK(desk.done);
    CHECK_EQ(desk.why, ERR_NOT_AUTHORIZED);
    struct auth_request enhanced = request_of("anna", "right");
    enhanced.has_method = true;
    (void)ask(&desk, chain, &enhanced);
    CHECK(desk.done);
    CHECK_EQ(desk.why, ERR_AUTH_METHOD);
    CHECK_EQ(server.questions, 0);
    auth_chain_unref(chain);
    sem_destroy(&desk.woken);
    webserver_end(&server);
}

static const char *say_nothing(void *of, const char *question)
{
    (void)of;
    (void)question;
    return NULL;
}

/* Who goes away, and a broker that ends, keep nobody waiting. */
static void waiting_may_end(void)
{
    struct webserver server;
    struct desk desk;
    webserver_begin(&server, say_nothing, NULL);
    desk_init(&desk);
    struct auth_chain *chain = chain_of(
        (struct httpauth_options){.worker = {.in_flight_max = 2}}, server.url);
    struct auth_request request = request_of("anna", "right");
    struct auth_call *first = ask(&desk, chain, &request);
    (void)ask(&desk, chain, &request);
    CHECK(!desk.done);
    (void)ask(&desk, chain, &request);
    CHECK(desk.done);
    CHECK_EQ(desk.why, ERR_BUSY);
    auth_call_cancel(first);
    desk.done = false;
    auth_chain_stop(chain);
    /* Both come back, one of them to nobody. */
    desk_wait(&desk);
    desk_wait(&desk);
    CHECK(desk.done);
    CHECK_EQ(desk.why, ERR_UNAVAILABLE);
    CHECK_STR(desk.reason, "the broker ends");
    auth_chain_unref(chain);
    sem_destroy(&desk.woken);
    webserver_end(&server);
}

static void odd_options_are_refused(void)
{
    struct auth_method method;
    struct fault fault = {{0}};
    struct httpauth_options options = {
        .worker = {.urls = {"http://127.0.0.1/"}, .url_count = 1},
        .fields = "user"};
    CHECK_EQ(httpauth_open(&options, &method, &fault), ERR_CONFIG);
    CHECK(strncmp(fault.text, "http_auth_fields: 'user' is not", 31) == 0);
    options.fields = "";
    options.worker.urls[0] = "x";
    CHECK_EQ(httpauth_open(&options, &method, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, "is no URL") != NULL);
}

int main(void)
{
    RUN(the_server_decides);
    RUN(what_it_allows_is_remembered);
    RUN(a_server_that_is_down_may_be_passed);
    RUN(others_are_passed_on);
    RUN(waiting_may_end);
    RUN(odd_options_are_refused);
    return check_result();
}
