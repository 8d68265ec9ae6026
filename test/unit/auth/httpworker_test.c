/* httpworker_test.c - questions to a web server that is up, slow, down, odd. */
#include "auth/httpreply.h"
#include "auth/httpworker.h"
#include "webserver.h"

#include <semaphore.h>

/* Answers, as they come on the worker's thread. */
struct answers {
    sem_t came;
    long status;
    size_t size;
    char body[256], trouble[128];
};

static void on_answer(void *owner, long status, struct bytes body,
                      const char *trouble)
{
    struct answers *answers = owner;
    answers->status = status;
    answers->size = body.size;
    (void)snprintf(answers->body, sizeof answers->body, "%.*s",
                   (int)(body.size < 255 ? body.size : 255),
                   (const char *)body.data);
    (void)snprintf(answers->trouble, sizeof answers->trouble, "%s",
                   trouble == NULL ? "" : trouble);
    sem_post(&answers->came);
}

static struct bytes copy_of(const char *text)
{
    char *copy = strdup(text);
    REQUIRE(copy != NULL);
    return bytes_of(copy);
}

static struct httpworker *worker_of(const struct httpworker_options *options)
{
    struct httpworker *worker = NULL;
    struct fault fault = {{0}};
    struct httpworker_options with = *options;
    with.content_type = "text/plain";
    CHECK_EQ(httpworker_new(&with, &worker, &fault), OK);
    CHECK_STR(fault.text, "");
    REQUIRE(worker != NULL);
    return worker;
}

static void ask(struct httpworker *worker, struct answers *answers)
{
    REQUIRE(httpworker_post(worker, copy_of("q=1"), on_answer, answers));
    while (sem_wait(&answers->came) != 0) {
    }
}

/* One question to one server. */
static struct answers ask_once(const struct httpworker_options *options)
{
    struct answers answers = {.status = -1};
    sem_init(&answers.came, 0, 0);
    struct httpworker *worker = worker_of(options);
    ask(worker, &answers);
    httpworker_free(worker);
    sem_destroy(&answers.came);
    return answers;
}

static const char *say(void *of, const char *question)
{
    static _Thread_local char text[8192];
    (void)snprintf(text, sizeof text, "%s", question);
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\r') *c = '|';
    static _Thread_local char answer[16384];
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(text), text);
    (void)of;
    return answer;
}

static const char *say_text(void *of, const char *question)
{
    (void)question;
    return of;
}

static void a_question_is_posted(void)
{
    struct webserver server;
    webserver_begin(&server, say, NULL);
    struct answers answers = ask_once(&(struct httpworker_options){
        .urls = {server.url},
        .url_count = 1,
        .headers = {"X-Key: secret"},
        .header_count = 1,
    });
    CHECK_EQ(answers.status, 200);
    CHECK_STR(answers.trouble, "");
    CHECK(strncmp(answers.body, "POST /a HTTP/1.1|", 17) == 0);
    CHECK(strstr(answers.body, "\nContent-Type: text/plain|") != NULL);
    CHECK(strstr(answers.body, "\nX-Key: secret|") != NULL);
    CHECK(strstr(answers.body, "|\n|\nq=1") != NULL);
    CHECK(strstr(answers.body, "Expect") == NULL);
    webserver_end(&server);
}

static void connections_are_kept(void)
{
    struct webserver server;
    webserver_begin(&server, say, NULL);
    struct answers answers = {.status = -1};
    sem_init(&answers.came, 0, 0);
    struct httpworker *worker = worker_of(
        &(struct httpworker_options){.urls = {server.url}, .url_count = 1});
    for (unsigned i = 0; i < 10; i++)
        ask(worker, &answers);
    CHECK_EQ(server.questions, 10);
    CHECK_EQ(server.connections, 1);
    httpworker_free(worker);
    sem_destroy(&answers.came);
    webserver_end(&server);
}

static struct answers ask_text(const char *text, uint32_t timeout_ms)
{
    struct webserver server;
    char copy[256];
    (void)snprintf(copy, sizeof copy, "%s", text);
    webserver_begin(&server, say_text, copy);
    struct answers answers = ask_once(&(struct httpworker_options){
        .urls = {server.url}, .url_count = 1, .timeout_ms = timeout_ms});
    webserver_end(&server);
    return answers;
}

static void odd_servers_are_told_apart(void)
{
    struct answers answers = ask_text(WEBSERVER_OK("fine"), 0);
    CHECK_EQ(answers.status, 200);
    CHECK_STR(answers.body, "fine");
    answers = ask_text("", 0);
    CHECK_EQ(answers.status, 0);
    CHECK_STR(answers.trouble, "the web server closed without an answer");
    answers = ask_text("SSH-2.0-OpenSSH_9.2\r\n\r\n", 0);
    CHECK_EQ(answers.status, 0);
    CHECK_STR(answers.trouble, "the web server's answer is no HTTP");
    answers = ask_text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", 300);
    CHECK_EQ(answers.status, 0);
    CHECK_EQ(answers.size, 0);
    CHECK_STR(answers.trouble, "the web server does not answer in time");
    answers = ask_text("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n"
                       "Connection: close\r\n\r\n",
                       0);
    CHECK_EQ(answers.status, 302);
}

/* Cut off before its body, "deny" would look like "allow". */
static void what_is_cut_off_is_no_answer(void)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
        ("HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n"
         "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct webserver server;
        char copy[256];
        (void)snprintf(copy, sizeof copy, "%s", texts[i]);
        webserver_begin(&server, say_text, copy);
        server.closes = true;
        struct answers answers = ask_once(&(struct httpworker_options){
            .urls = {server.url}, .url_count = 1, .timeout_ms = 2000});
        if (!CHECK_EQ(answers.status, 0)) fprintf(stderr, "    %s", texts[i]);
        CHECK_STR(answers.trouble, "the web server closed within its answer");
        webserver_end(&server);
    }
    struct answers answers =
        ask_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
    CHECK_EQ(answers.status, 200);
    answers = ask_text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "0\r\n\r\n",
                       0);
    CHECK_EQ(answers.status, 200);
    answers = ask_text("HTTP/1.1 204 Fine\r\n\r\n", 0);
    CHECK_EQ(answers.status, 204);
}

static const char *say_nothing(void *of, const char *question)
{
    (void)of;
    (void)question;
    return NULL;
}

static void a_slow_server_times_out(void)
{
    struct webserver server;
    webserver_begin(&server, say_nothing, NULL);
    struct answers answers = ask_once(&(struct httpworker_options){
        .urls = {server.url}, .url_count = 1, .timeout_ms = 200});
    CHECK_EQ(answers.status, 0);
    CHECK_STR(answers.trouble, "the web server does not answer in time");
    webserver_end(&server);
}

static void a_large_answer_is_cut_off(void)
{
    static char text[HTTPREPLY_BYTES_MAX + 200];
    for (unsigned more = 0; more < 2; more++) {
        struct webserver server;
        int head = snprintf(text, 200, WEBSERVER_OK(""));
        memset(text + head, 'x', HTTPREPLY_BYTES_MAX + more);
        text[(size_t)head + HTTPREPLY_BYTES_MAX + more] = '\0';
        webserver_begin(&server, say_text, text);
        struct answers answers = ask_once(
            &(struct httpworker_options){.urls = {server.url}, .url_count = 1});
        webserver_end(&server);
        CHECK_EQ(answers.status, more == 0 ? 200 : 0);
        CHECK_EQ(answers.size, more == 0 ? HTTPREPLY_BYTES_MAX : 0);
        CHECK_STR(answers.trouble,
                  more == 0 ? "" : "the web server's answer is too large");
    }
}

static void the_next_server_is_asked(void)
{
    struct webserver gone, broken, fine;
    webserver_begin(&gone, say, NULL);
    webserver_end(&gone);
    char text[] = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    webserver_begin(&broken, say_text, text);
    webserver_begin(&fine, say, NULL);
    struct answers answers = {.status = -1};
    sem_init(&answers.came, 0, 0);
    struct httpworker *worker = worker_of(&(struct httpworker_options){
        .urls = {gone.url, broken.url, fine.url}, .url_count = 3});
    ask(worker, &answers);
    CHECK_EQ(answers.status, 200);
    CHECK_EQ(broken.questions, 1);
    /* It stays with the one that answers. */
    ask(worker, &answers);
    CHECK_EQ(answers.status, 200);
    CHECK_EQ(broken.questions, 1);
    CHECK_EQ(fine.questions, 2);
    webserver_end(&fine);
    ask(worker, &answers);
    CHECK_EQ(answers.status, 503);
    webserver_end(&broken);
    ask(worker, &answers);
    CHECK_EQ(answers.status, 0);
    CHECK_STR(answers.trouble, "the web server cannot be reached");
    httpworker_free(worker);
    sem_destroy(&answers.came);
}

static void what_is_under_way_is_bounded(void)
{
    struct webserver server;
    webserver_begin(&server, say_nothing, NULL);
    struct answers answers = {.status = -1};
    sem_init(&answers.came, 0, 0);
    struct httpworker *worker = worker_of(&(struct httpworker_options){
        .urls = {server.url}, .url_count = 1, .in_flight_max = 3});
    for (unsigned i = 0; i < 3; i++)
        CHECK(httpworker_post(worker, copy_of("x"), on_answer, &answers));
    struct bytes fourth = copy_of("x");
    CHECK(!httpworker_post(worker, fourth, on_answer, &answers));
    /* Stopped, all of them end at once. */
    httpworker_stop(worker);
    for (unsigned i = 0; i < 3; i++)
        sem_wait(&answers.came);
    CHECK_EQ(answers.status, 0);
    CHECK_STR(answers.trouble, "the broker ends");
    CHECK(!httpworker_post(worker, fourth, on_answer, &answers));
    free((void *)(uintptr_t)fourth.data);
    httpworker_free(worker);
    sem_destroy(&answers.came);
    webserver_end(&server);
}

static void all_may_be_stopped(void)
{
    struct webserver server;
    webserver_begin(&server, say_nothing, NULL);
    struct answers answers = {.status = -1};
    sem_init(&answers.came, 0, 0);
    struct httpworker *workers[3];
    for (unsigned i = 0; i < 3; i++) {
        workers[i] = worker_of(&(struct httpworker_options){
            .urls = {server.url}, .url_count = 1, .timeout_ms = 60000});
        CHECK(httpworker_post(workers[i], copy_of("x"), on_answer, &answers));
    }
    httpworker_free(NULL);
    httpworker_stop_all();
    /* Each has been told by now. */
    for (unsigned i = 0; i < 3; i++)
        CHECK(sem_trywait(&answers.came) == 0);
    for (unsigned i = 0; i < 3; i++)
        httpworker_free(workers[i]);
    httpworker_stop_all();
    sem_destroy(&answers.came);
    webserver_end(&server);
}

static void odd_options_are_refused(void)
{
    static const struct {
        struct httpworker_options options;
        const char *because;
    } bad[] = {
        {{.url_count = 0}, "there is no URL"},
        {{.urls = {"ftp://x/"}, .url_count = 1}, "'ftp://x/' is no URL like"},
        {{.urls = {"auth.example"}, .url_count = 1}, "'auth.example' is no"},
        {{.urls = {"http://a b/"}, .url_count = 1}, "'http://a b/' is no URL"},
        {{.urls = {"http://"}, .url_count = 1}, "'http://' is no URL like"},
        {{.urls = {"http://a/"},
          .url_count = 1,
          .headers = {"none"},
          .header_count = 1},
         "'none' is no header like"},
        {{.urls = {"http://a/"},
          .url_count = 1,
          .headers = {"a: b\r\nc: d"},
          .header_count = 1},
         "'a: b\r\nc: d' is no header like"},
        {{.urls = {"https://a/"}, .url_count = 1, .cafile = "/no/file"},
         "/no/file: No such file"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct httpworker *worker;
        struct fault fault = {{0}};
        struct httpworker_options options = bad[i].options;
        options.content_type = "text/plain";
        CHECK_EQ(httpworker_new(&options, &worker, &fault), ERR_CONFIG);
        if (strncmp(fault.text, bad[i].because, strlen(bad[i].because)) != 0)
            CHECK_STR(fault.text, bad[i].because);
    }
}

int main(void)
{
    RUN(a_question_is_posted);
    RUN(connections_are_kept);
    RUN(odd_servers_are_told_apart);
    RUN(what_is_cut_off_is_no_answer);
    RUN(a_slow_server_times_out);
    RUN(a_large_answer_is_cut_off);
    RUN(the_next_server_is_asked);
    RUN(what_is_under_way_is_bounded);
    RUN(all_may_be_stopped);
    RUN(odd_options_are_refused);
    httpworker_free(NULL);
    return check_result();
}
