/* topic_option.c - see topic_option.h. */
#include "cli/topic_option.h"

#include "cli/options.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <stdlib.h>
#include <strings.h>

static void list_add(struct arguments_list *list, const char *item)
{
    list->items[list->count] = item;
    list->count += 1;
}

static bool text_check(struct arguments *a, const char *text, const char *where)
{
    if (utf8_valid(bytes_of(text))) return true;
    return options_wrong(a, "Error: Malformed UTF-8 in %s argument.\n\n",
                         where);
}

static bool filter_check(struct arguments *a, const char *text,
                         const char *option, const char *kind)
{
    if (!text_check(a, text, option)) return false;
    if (topic_filter_valid(bytes_of(text))) return true;
    return options_wrong(a,
                         "Error: Invalid %s topic '%s', are all '+' and '#' "
                         "wildcards correct?\n",
                         kind, text);
}

static bool name_check(struct arguments *a, const char *text,
                       const char *option, const char *kind)
{
    if (!text_check(a, text, option)) return false;
    if (topic_name_valid(bytes_of(text))) return true;
    return options_wrong(a,
                         "Error: Invalid %s topic '%s', does it contain '+' "
                         "or '#'?\n",
                         kind, text);
}

static bool topic_add(struct arguments *a, const char *topic,
                      const char *option)
{
    if (a->command == ARGUMENTS_SUB) {
        list_add(&a->topics, topic);
        return filter_check(a, topic, option, "subscription");
    }
    a->topic = topic;
    return name_check(a, topic, option, "publish");
}

bool topic_option_topic(struct arguments *a, const char *value)
{
    return topic_add(a, value, "-t");
}

bool topic_option_filter_out(struct arguments *a, const char *value)
{
    list_add(&a->filters_out, value);
    return filter_check(a, value, "-T", "filter");
}

bool topic_option_unsubscribe(struct arguments *a, const char *value)
{
    list_add(&a->unsubscribes, value);
    return filter_check(a, value, "-U", "unsubscribe");
}

/* Cut `text` in two at the first `mark`; NULL when there is none. */
static char *text_cut(char *text, char mark)
{
    char *at = strchr(text, mark);
    if (at == NULL) return NULL;
    *at = '\0';
    return at + 1;
}

/* "host", "host:port" or "[address]:port". */
static bool address_read(struct arguments *a, char *text)
{
    char *port = NULL;
    char *host = text;
    if (*text == '[') {
        host += 1;
        char *rest = text_cut(host, ']');
        if (rest != NULL && *rest == ':') port = rest + 1;
    } else {
        port = text_cut(text, ':');
    }
    (void)options_host(a, host);
    return port == NULL || options_port(a, port);
}

/* Before "//": the port, and whether there is TLS, with the system's CAs unless
 * others are given. */
static const struct scheme {
    const char *name;
    uint16_t port; /* 0: not in this version */
    bool tls;
} schemes[] = {{"mqtt:", 1883, false},
               {"mqtts:", 8883, true},
               {"ws:", 0, false},
               {"wss:", 0, true}};

/* The one of `url`; NULL: none that is known. */
static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t size = strlen(schemes[i].name);
        if (strncasecmp(url, schemes[i].name, size) == 0 &&
            strncmp(url + size, "//", 2) == 0) {
            return &schemes[i];
        }
    }
    return NULL;
}

bool topic_option_url(struct arguments *a, const char *value)
{
    const struct scheme *scheme = scheme_of(value);
    if (scheme == NULL) {
        return options_wrong(a, "Error: Unsupported URL scheme.\n\n");
    }
    free(a->url);
    a->url = strdup(value + strlen(scheme->name) + 2);
    if (a->url == NULL) return options_wrong(a, "Error: Out of memory.\n");
    char *topic = text_cut(a->url, '/');
    if (topic == NULL) {
        return options_wrong(a, "Error: Invalid URL for -L argument specified "
                                "- topic missing.\n");
    }
    if (scheme->port == 0) {
        return options_wrong(a, "Error: ws:// and wss:// are not in this "
                                "version of mogi; use mqtt:// or "
                                "mqtts://.\n\n");
    }
    a->client.port = scheme->port;
    a->tls_by_url = scheme->tls;
    if (!topic_add(a, topic, "-L topic")) return false;
    char *host = text_cut(a->url, '@');
    if (host == NULL) {
        host = a->url;
    } else {
        char *password = text_cut(a->url, ':');
        if (password != NULL) a->password = password;
        a->user_name = a->url;
    }
    return address_read(a, host);
}

bool topic_option_will(struct arguments *a, const char *value)
{
    a->will_topic = value;
    return name_check(a, value, "--will-topic", "will");
}

bool topic_option_response(struct arguments *a, const char *value)
{
    a->response_topic = value;
    return name_check(a, value, "-e", "response");
}
