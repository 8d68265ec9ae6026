/* acl.c - `mogi acl explain`: may somebody do something, and which line of
 * which file says so? It asks the function that the broker asks. */
#include "auth/aclfile.h"
#include "broker/config.h"
#include "cli/commands.h"
#include "core/publish.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOWED = 0, DENIED = 1, USAGE = 2, LINES_SHOWN_MAX = 20 };

struct question {
    const char *user, *client, *topic, *action, *file, *config, *port;
    bool help;
    enum acl_action does;
    struct acl_who who;
};

static const struct option {
    const char *name, *brief;
    size_t offset;
} options[] = {
    {"--user", "-u", offsetof(struct question, user)},
    {"--client", "-i", offsetof(struct question, client)},
    {"--topic", "-t", offsetof(struct question, topic)},
    {"--action", "-a", offsetof(struct question, action)},
    {"--file", "-f", offsetof(struct question, file)},
    {"--config", "-c", offsetof(struct question, config)},
    {"--port", "-p", offsetof(struct question, port)},
};

static const struct {
    const char *name;
    enum acl_action does;
} actions[] = {
    {"publish", ACL_PUBLISH},
    {"subscribe", ACL_SUBSCRIBE},
    {"receive", ACL_RECEIVE},
};

static const char usage_text[] =
    "Usage: mogi acl explain --topic TOPIC --action ACTION [--user NAME]\n"
    "           [--client ID] (--file ACL_FILE | -c CONFIG [--port PORT])\n\n"
    "  -t, --topic TOPIC    a topic, or for subscribe a filter\n"
    "  -a, --action ACTION  publish, subscribe or receive\n"
    "  -u, --user NAME      who it is; without it, a client without a name\n"
    "  -i, --client ID      its client id\n"
    "  -f, --file FILE      the acl_file to judge by\n"
    "  -c, --config FILE    the broker's configuration, which names one\n"
    "  -p, --port PORT      that of this listener; else that of the first\n\n"
    "The exit status is 0 when it is allowed, 1 when it is not, 2 when the "
    "question or\nthe file is wrong.\n";

static int usage(FILE *to, int status)
{
    (void)fputs(usage_text, to);
    return status;
}

static int wrong(const char *what, const char *about)
{
    (void)fprintf(stderr, "mogi acl: %s%s%s\n", what, about[0] ? ": " : "",
                  about);
    return USAGE;
}

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].name, name) == 0 ||
            strcmp(options[i].brief, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* ALLOWED when they can be understood. */
static int arguments_read(struct question *q, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool help =
            strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
        q->help |= help;
        if (help || (i == 1 && strcmp(argv[i], "explain") == 0)) continue;
        const struct option *option = option_find(argv[i]);
        if (option == NULL) return wrong("unknown argument", argv[i]);
        if (i + 1 == argc) return wrong("a value is missing", argv[i]);
        *(const char **)(void *)((char *)q + option->offset) = argv[++i];
    }
    return ALLOWED;
}

/* ALLOWED when it is one. */
static int question_check(struct question *q)
{
    if (q->topic == NULL) return wrong("--topic is missing", "");
    if (q->action == NULL) return wrong("--action is missing", "");
    if ((q->file == NULL) == (q->config == NULL)) {
        return wrong("say either --file or --config", "");
    }
    size_t i = 0, count = sizeof actions / sizeof *actions;
    while (i < count && strcmp(actions[i].name, q->action) != 0)
        i++;
    if (i == count) {
        return wrong("--action is publish, subscribe or receive, not",
                     q->action);
    }
    q->does = actions[i].does;
    struct bytes topic = bytes_of(q->topic);
    bool valid = q->does == ACL_SUBSCRIBE ? topic_subscription_valid(topic)
                                          : topic_name_valid(topic);
    if (!valid || !utf8_valid(topic)) {
        return wrong(q->does == ACL_SUBSCRIBE ? "it is no topic filter"
                                              : "it is no topic name",
                     q->topic);
    }
    q->who.has_user = q->user != NULL;
    if (q->user != NULL) q->who.user = bytes_of(q->user);
    q->who.client_id = bytes_of(q->client != NULL ? q->client : "");
    return ALLOWED;
}

static void reports_print(const struct report *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        (void)fprintf(stderr, "mogi acl: %s\n", errors->lines[i]);
}

/* The acl_file of the listener that is meant goes to `path`; empty: none. */
static bool config_path(const struct question *q, char path[CONFIG_TEXT_MAX])
{
    static struct config config;
    struct config_reports reports = {0};
    char option[] = "-c", *file = strdup(q->config);
    if (file == NULL) return false;
    char *arguments[] = {option, file};
    enum err e = config_load(&config, arguments, 2, &reports);
    reports_print(&reports.errors);
    report_fini(&reports.errors);
    report_fini(&reports.notes);
    free(file);
    if (e != OK) return false;
    for (size_t i = 0; i < config.listener_count; i++) {
        const struct config_listener *listener = &config.listeners[i];
        char port[8];
        (void)snprintf(port, sizeof port, "%u", listener->port);
        if (q->port != NULL && strcmp(port, q->port) != 0) continue;
        memcpy(path, listener->entry.acl_file, CONFIG_TEXT_MAX);
        return true;
    }
    wrong("there is no listener with port", q->port != NULL ? q->port : "");
    return false;
}

static void who_print(const struct question *q)
{
    if (q->user != NULL) {
        (void)printf("user \"%s\"", q->user);
    } else {
        (void)printf("a client without user name");
    }
}

/* FILE:LINE: the line. */
static void rule_print(const struct acl *acl, const struct acl_rule *rule)
{
    assert(acl != NULL);
    struct bytes line = aclfile_line(acl, rule->line);
    (void)printf("  %s:%u: %.*s\n", acl->path, rule->line, (int)line.size,
                 (const char *)line.data);
}

static size_t section_print(const struct acl *acl,
                            const struct acl_section *section, size_t shown)
{
    for (size_t i = 0; i < section->count && shown < LINES_SHOWN_MAX; i++) {
        rule_print(acl, &section->rules[i]);
        shown += 1;
    }
    return shown;
}

/* The rules that were looked at. */
static void rules_print(const struct acl *acl, const struct question *q)
{
    assert(acl != NULL);
    const struct acl_section *own = q->user == NULL ? &acl->anonymous : NULL;
    for (size_t i = 0; i < acl->user_count && q->user != NULL; i++) {
        if (bytes_equal(acl->users[i].user, q->who.user)) own = &acl->users[i];
    }
    size_t count = acl->patterns.count + (own != NULL ? own->count : 0);
    if (count == 0) {
        (void)printf("%s has no rule for such a client.\n", acl->path);
        return;
    }
    (void)printf("None of the rules about it allows it:\n");
    size_t shown = own != NULL ? section_print(acl, own, 0) : 0;
    shown = section_print(acl, &acl->patterns, shown);
    if (count > shown) (void)printf("  and %zu more\n", count - shown);
}

static bool is_tricky(struct bytes text)
{
    return memchr(text.data, '+', text.size) != NULL ||
           memchr(text.data, '#', text.size) != NULL ||
           memchr(text.data, '/', text.size) != NULL;
}

static void tricks_print(const struct acl *acl, const struct question *q)
{
    assert(acl != NULL);
    bool tricky = is_tricky(q->who.user) || is_tricky(q->who.client_id);
    if (acl->patterns.count == 0 || !tricky) return;
    (void)printf("A name or client id that holds '+', '#' or '/' never matches "
                 "a pattern with it.\n");
}

static void denied_print(const struct acl *acl, const struct question *q,
                         const struct acl_rule *rule)
{
    if (rule != NULL) {
        (void)printf("This line forbids it, whatever others say:\n");
        rule_print(acl, rule);
        return;
    }
    rules_print(acl, q);
    tricks_print(acl, q);
}

static int verdict_print(const struct acl *acl, const struct question *q)
{
    struct bytes topic = bytes_of(q->topic);
    struct acl_verdict verdict = acl_judge(acl, &q->who, q->does, topic);
    bool reserved = q->does == ACL_PUBLISH && publish_reserved(topic);
    bool allowed = verdict.allowed && !reserved;
    (void)printf("%s: ", allowed ? "allowed" : "denied");
    who_print(q);
    (void)printf(" may%s %s %s \"%s\"\n", allowed ? "" : " not", q->action,
                 q->does == ACL_SUBSCRIBE ? "to" : "on", q->topic);
    if (reserved) {
        (void)printf("Nobody publishes there, whatever the rules say.\n");
    } else if (!allowed) {
        denied_print(acl, q, verdict.rule);
    } else if (verdict.rule != NULL) {
        (void)printf("This line allows it, and none forbids it:\n");
        rule_print(acl, verdict.rule);
    }
    if (allowed && q->does == ACL_SUBSCRIBE) {
        (void)printf("What comes is judged again, message by message: ask for "
                     "\"receive\".\n");
    }
    return allowed ? ALLOWED : DENIED;
}

/* Judge by the file at `path`; without one, everything is allowed. */
static int explain(const struct question *q, const char *path)
{
    const struct acl *acl = NULL;
    struct fault fault = {.text = ""};
    if (path[0] == '\0') {
        (void)printf("there is no acl_file\n");
    } else if (aclfile_read(path, &acl, &fault) != OK) {
        return wrong(fault.text, "");
    }
    int status = verdict_print(acl, q);
    acl_unref(acl);
    return status;
}

int acl_main(int argc, char **argv)
{
    struct question q = {0};
    if (argc < 2) return usage(stderr, USAGE);
    int status = arguments_read(&q, argc, argv);
    if (status == ALLOWED && q.help) return usage(stdout, ALLOWED);
    if (strcmp(argv[1], "explain") != 0) return usage(stderr, USAGE);
    if (status == ALLOWED) status = question_check(&q);
    if (status != ALLOWED) return status;
    char path[CONFIG_TEXT_MAX] = "";
    if (q.config != NULL) {
        return config_path(&q, path) ? explain(&q, path) : USAGE;
    }
    return explain(&q, q.file);
}
