/* httpworker.c - see httpworker.h. */
#include "auth/httpworker.h"

#include "auth/httpform.h"
#include "auth/httpreply.h"
#include "base/list.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* How long the thread sleeps when nothing happens; it is woken before. */
enum { POLL_MS = 10000, REPLY_STEP = 4096 };

/* One question. */
struct job {
    struct link link; /* in `waiting` or `active` */
    struct bytes body;
    httpworker_done *done;
    void *owner;
    CURL *easy;
    size_t url, tries;
    uint8_t *reply;
    size_t reply_size, reply_room;
    bool headed; /* the head of the answer is complete */
    bool framed; /* and says where the answer ends */
};

struct httpworker {
    struct link of_all;
    char *urls[HTTPWORKER_URLS_MAX];
    size_t url_count;
    size_t url; /* the one to ask first; the thread's */
    struct curl_slist *headers;
    char *cafile;
    bool insecure;
    long timeout_ms; /* of one URL */
    size_t in_flight_max;

    CURLM *multi;
    pthread_t thread;
    struct link active; /* the thread's */

    pthread_mutex_t lock;
    struct link waiting;
    size_t count; /* waiting, active, and being told */
    bool stopped, ending;
    pthread_cond_t idle; /* `count` has become 0 */
};

/* All workers of the process. */
static pthread_mutex_t workers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct link workers = {&workers, &workers};

/* --- one question -------------------------------------------------------- */

static struct job *job_of(struct link *link)
{
    return OWNER(link, struct job, link);
}

static void job_free(struct job *job)
{
    curl_easy_cleanup(job->easy);
    httpform_free(job->body);
    free(job->reply);
    free(job);
}

/* It is over: tell, and forget. */
static void job_end(struct httpworker *worker, struct job *job, long status,
                    const char *trouble)
{
    struct bytes body = bytes_at(job->reply, job->reply_size);
    if (status == 0) body.size = 0;
    job->done(job->owner, status, body, trouble);
    job_free(job);
    pthread_mutex_lock(&worker->lock);
    assert(worker->count > 0);
    worker->count -= 1;
    if (worker->count == 0) pthread_cond_broadcast(&worker->idle);
    pthread_mutex_unlock(&worker->lock);
}

static size_t on_reply(char *data, size_t unit, size_t count, void *of)
{
    struct job *job = of;
    size_t size = unit * count;
    if (size > HTTPREPLY_BYTES_MAX - job->reply_size) return 0;
    if (job->reply_size + size > job->reply_room) {
        size_t room = job->reply_size + size + REPLY_STEP;
        uint8_t *grown = realloc(job->reply, room);
        if (grown == NULL) return 0;
        job->reply = grown;
        job->reply_room = room;
    }
    if (size > 0) memcpy(job->reply + job->reply_size, data, size);
    job->reply_size += size;
    return size;
}

static bool line_begins(const char *line, size_t size, const char *with)
{
    size_t wanted = strlen(with);
    return size >= wanted && strncasecmp(line, with, wanted) == 0;
}

/* One line of the answer's head, or the empty one behind it. */
static size_t on_header(char *line, size_t unit, size_t count, void *of)
{
    struct job *job = of;
    size_t size = unit * count;
    bool first = line_begins(line, size, "HTTP/");
    if (first) job->framed = false;
    if (line_begins(line, size, "content-length:") ||
        line_begins(line, size, "transfer-encoding:")) {
        job->framed = true;
    }
    job->headed = size > 0 && (line[0] == '\r' || line[0] == '\n');
    return size;
}

/* An answer without a body says yes. One that was cut off before its body looks
 * the same to libcurl, unless it was told that none comes. */
static bool reply_whole(const struct job *job, long status)
{
    bool empty = job->reply_size == 0 && status == 200;
    return job->headed && (job->framed || !empty);
}

/* Options that can only fail for want of memory are not asked. */
static void easy_set(const struct httpworker *worker, struct job *job)
{
    CURL *easy = job->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(easy, CURLOPT_URL, worker->urls[job->url]);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, worker->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)job->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, job->body.data);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, worker->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, worker->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Passwords go to the server that is named, and not by way of a proxy that
     * happens to be in the environment. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, worker->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, worker->insecure ? 0L : 2L);
    if (worker->cafile != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, worker->cafile);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

/* Ask the job's URL; false: libcurl cannot. */
static bool job_ask(struct httpworker *worker, struct job *job)
{
    if (job->easy == NULL) job->easy = curl_easy_init();
    if (job->easy == NULL) return false;
    curl_easy_reset(job->easy);
    easy_set(worker, job);
    job->reply_size = 0;
    job->headed = job->framed = false;
    job->tries += 1;
    return curl_multi_add_handle(worker->multi, job->easy) == CURLM_OK;
}

static const char *trouble_text(CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *text;
    } troubles[] = {
        {CURLE_COULDNT_CONNECT, "the web server cannot be reached"},
        {CURLE_COULDNT_RESOLVE_HOST, "the web server's name is not known"},
        {CURLE_OPERATION_TIMEDOUT, "the web server does not answer in time"},
        {CURLE_PEER_FAILED_VERIFICATION,
         "the web server's certificate is not trusted: see http_auth_cafile"},
        {CURLE_SSL_CACERT_BADFILE, "http_auth_cafile cannot be read"},
        {CURLE_SSL_CONNECT_ERROR, "the web server does not speak TLS"},
        {CURLE_WRITE_ERROR, "the web server's answer is too large"},
        {CURLE_GOT_NOTHING, "the web server closed without an answer"},
        {CURLE_RECV_ERROR, "the web server closed within its answer"},
        {CURLE_PARTIAL_FILE, "the web server closed within its answer"},
    };
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        if (troubles[i].code == code) return troubles[i].text;
    }
    return "the web server's answer is no HTTP";
}

/* --- the thread ---------------------------------------------------------- */

/* libcurl is done with this URL. */
static void job_answered(struct httpworker *worker, struct job *job,
                         CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(worker->multi, job->easy);
    if (code == CURLE_OK && !reply_whole(job, status))
        code = CURLE_PARTIAL_FILE;
    bool failed = code != CURLE_OK || status >= 500;
    if (failed && job->tries < worker->url_count) {
        job->url = (job->url + 1) % worker->url_count;
        if (job_ask(worker, job)) return;
    }
    if (!failed) worker->url = job->url;
    list_remove(&job->link);
    if (code != CURLE_OK) {
        job_end(worker, job, 0, trouble_text(code));
    } else {
        job_end(worker, job, status, NULL);
    }
}

static void answers_take(struct httpworker *worker)
{
    int left;
    for (CURLMsg *m;
         (m = curl_multi_info_read(worker->multi, &left)) != NULL;) {
        if (m->msg != CURLMSG_DONE) continue;
        char *of = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &of);
        job_answered(worker, (struct job *)(void *)of, code);
    }
}

/* Begin with what waits. True while there is something to wait for. */
static bool jobs_begin(struct httpworker *worker, bool *stopped)
{
    struct link batch;
    list_init(&batch);
    pthread_mutex_lock(&worker->lock);
    while (!list_empty(&worker->waiting)) {
        struct link *first = worker->waiting.next;
        list_remove(first);
        list_push(&batch, first);
    }
    *stopped = worker->stopped;
    bool on = !worker->ending || worker->count > 0;
    pthread_mutex_unlock(&worker->lock);
    while (!list_empty(&batch)) {
        struct job *job = job_of(batch.next);
        list_remove(&job->link);
        job->url = worker->url;
        if (job_ask(worker, job)) {
            list_push(&worker->active, &job->link);
        } else {
            job_end(worker, job, 0, "there is no memory");
        }
    }
    return on;
}

static void jobs_abort(struct httpworker *worker)
{
    while (!list_empty(&worker->active)) {
        struct job *job = job_of(worker->active.next);
        list_remove(&job->link);
        curl_multi_remove_handle(worker->multi, job->easy);
        job_end(worker, job, 0, "the broker ends");
    }
}

static void *worker_run(void *of)
{
    struct httpworker *worker = of;
    bool stopped;
    while (jobs_begin(worker, &stopped)) {
        int running;
        if (stopped) jobs_abort(worker);
        (void)curl_multi_perform(worker->multi, &running);
        answers_take(worker);
        (void)curl_multi_poll(worker->multi, NULL, 0, POLL_MS, NULL);
    }
    return NULL;
}

/* Signals are for the threads that know what to do with them. */
static bool thread_start(struct httpworker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&worker->thread, NULL, worker_run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e == 0;
}

/* --- making one ---------------------------------------------------------- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_begin(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static enum err url_keep(struct httpworker *worker, const char *url,
                         struct fault *fault)
{
    CURLU *parsed = curl_url();
    bool fine = parsed != NULL &&
                (strncasecmp(url, "http://", 7) == 0 ||
                 strncasecmp(url, "https://", 8) == 0) &&
                curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parsed);
    if (!fine) {
        return fault_set(fault, ERR_CONFIG,
                         "'%.200s' is no URL like https://auth.example/mqtt",
                         url);
    }
    char *copy = strdup(url);
    if (copy == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    worker->urls[worker->url_count++] = copy;
    return OK;
}

static enum err header_keep(struct httpworker *worker, const char *header,
                            struct fault *fault)
{
    const char *colon = strchr(header, ':');
    if (colon == NULL || colon == header || strpbrk(header, "\r\n") != NULL) {
        return fault_set(fault, ERR_CONFIG,
                         "'%.100s' is no header like \"X-Key: value\"", header);
    }
    struct curl_slist *list = curl_slist_append(worker->headers, header);
    if (list == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    worker->headers = list;
    return OK;
}

static enum err headers_keep(struct httpworker *worker,
                             const struct httpworker_options *options,
                             struct fault *fault)
{
    char type[128];
    (void)snprintf(type, sizeof type, "Content-Type: %s",
                   options->content_type);
    enum err e = header_keep(worker, type, fault);
    if (e == OK) e = header_keep(worker, "Accept: application/json", fault);
    /* Else libcurl asks before it sends more than 1 MiB, and waits. */
    if (e == OK) e = header_keep(worker, "Expect:", fault);
    for (size_t i = 0; i < options->header_count && e == OK; i++)
        e = header_keep(worker, options->headers[i], fault);
    return e;
}

static enum err cafile_keep(struct httpworker *worker, const char *cafile,
                            struct fault *fault)
{
    if (cafile == NULL || cafile[0] == '\0') return OK;
    if (access(cafile, R_OK) != 0) {
        return fault_set(fault, ERR_CONFIG, "%s: %s", cafile, strerror(errno));
    }
    worker->cafile = strdup(cafile);
    if (worker->cafile != NULL) return OK;
    return fault_set(fault, ERR_NO_MEMORY, "out of memory");
}

static enum err options_keep(struct httpworker *worker,
                             const struct httpworker_options *options,
                             struct fault *fault)
{
    if (options->url_count == 0) {
        return fault_set(fault, ERR_CONFIG, "there is no URL");
    }
    uint32_t timeout_ms = options->timeout_ms;
    if (timeout_ms == 0) timeout_ms = HTTPWORKER_TIMEOUT_MS;
    worker->timeout_ms = (long)(timeout_ms / options->url_count);
    if (worker->timeout_ms == 0) worker->timeout_ms = 1;
    worker->in_flight_max = options->in_flight_max;
    if (worker->in_flight_max == 0) {
        worker->in_flight_max = HTTPWORKER_IN_FLIGHT_MAX;
    }
    worker->insecure = options->insecure;
    enum err e = OK;
    for (size_t i = 0; i < options->url_count && e == OK; i++)
        e = url_keep(worker, options->urls[i], fault);
    if (e == OK) e = headers_keep(worker, options, fault);
    if (e == OK) e = cafile_keep(worker, options->cafile, fault);
    return e;
}

static void worker_free(struct httpworker *worker)
{
    curl_multi_cleanup(worker->multi);
    curl_slist_free_all(worker->headers);
    for (size_t i = 0; i < worker->url_count; i++)
        free(worker->urls[i]);
    free(worker->cafile);
    pthread_cond_destroy(&worker->idle);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

enum err httpworker_new(const struct httpworker_options *options,
                        struct httpworker **out, struct fault *fault)
{
    pthread_once(&curl_once, curl_begin);
    struct httpworker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    list_init(&worker->active);
    list_init(&worker->waiting);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->idle, NULL);
    enum err e = options_keep(worker, options, fault);
    if (e != OK) goto fail;
    worker->multi = curl_multi_init();
    if (worker->multi == NULL) {
        e = fault_set(fault, ERR_NO_MEMORY, "out of memory");
        goto fail;
    }
    long connections = options->connections;
    if (connections == 0) connections = HTTPWORKER_CONNECTIONS;
    curl_multi_setopt(worker->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      connections);
    curl_multi_setopt(worker->multi, CURLMOPT_MAXCONNECTS, connections);
    if (!thread_start(worker)) {
        e = fault_set(fault, ERR_IO, "the system has no thread left");
        goto fail;
    }
    pthread_mutex_lock(&workers_lock);
    list_push(&workers, &worker->of_all);
    pthread_mutex_unlock(&workers_lock);
    *out = worker;
    return OK;
fail:
    worker_free(worker);
    return e;
}

void httpworker_free(struct httpworker *worker)
{
    if (worker == NULL) return;
    pthread_mutex_lock(&workers_lock);
    list_remove(&worker->of_all);
    pthread_mutex_unlock(&workers_lock);
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_mutex_unlock(&worker->lock);
    curl_multi_wakeup(worker->multi);
    pthread_join(worker->thread, NULL);
    assert(worker->count == 0);
    worker_free(worker);
}

bool httpworker_post(struct httpworker *worker, struct bytes body,
                     httpworker_done *done, void *owner)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) return false;
    *job = (struct job){.body = body, .done = done, .owner = owner};
    pthread_mutex_lock(&worker->lock);
    bool taken = !worker->stopped && worker->count < worker->in_flight_max;
    if (taken) {
        list_push(&worker->waiting, &job->link);
        worker->count += 1;
    }
    pthread_mutex_unlock(&worker->lock);
    if (taken)
        curl_multi_wakeup(worker->multi);
    else
        free(job);
    return taken;
}

void httpworker_stop(struct httpworker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stopped = true;
    curl_multi_wakeup(worker->multi);
    while (worker->count > 0)
        pthread_cond_wait(&worker->idle, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
}

void httpworker_stop_all(void)
{
    pthread_mutex_lock(&workers_lock);
    LIST_EACH(at, after, &workers)
        httpworker_stop(OWNER(at, struct httpworker, of_all));
    pthread_mutex_unlock(&workers_lock);
}
