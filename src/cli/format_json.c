/* format_json.c - see format_json.h. */
#include "cli/format_json.h"

#include "cli/format.h"
#include "cli/json.h"

struct object {
    FILE *to;
    bool pretty;
    unsigned depth;
    bool filled;
};

static void object_open(struct object *o, FILE *to, bool pretty, unsigned depth)
{
    *o = (struct object){.to = to, .pretty = pretty, .depth = depth + 1};
    (void)fputc('{', to);
}

static void object_tabs(const struct object *o, unsigned count)
{
    if (!o->pretty) return;
    (void)fputc('\n', o->to);
    for (unsigned i = 0; i < count; i++)
        (void)fputc('\t', o->to);
}

static void object_key(struct object *o, struct mogi_bytes key)
{
    if (o->filled) (void)fputc(',', o->to);
    o->filled = true;
    object_tabs(o, o->depth);
    json_print_string(o->to, bytes_at(key.data, key.size));
    (void)fputs(o->pretty ? ":\t" : ":", o->to);
}

static void object_number(struct object *o, const char *key, uint64_t value)
{
    object_key(o, mogi_text(key));
    (void)fprintf(o->to, "%llu", (unsigned long long)value);
}

static void object_text(struct object *o, const char *key,
                        struct mogi_bytes text)
{
    object_key(o, mogi_text(key));
    json_print_string(o->to, bytes_at(text.data, text.size));
}

static void object_flag(struct object *o, const char *key, bool flag)
{
    object_key(o, mogi_text(key));
    (void)fputs(flag ? "true" : "false", o->to);
}

static void object_close(struct object *o)
{
    object_tabs(o, o->depth - 1);
    (void)fputc('}', o->to);
}

/* All user properties, where the first one stands: an object each, for a key
 * may come twice, and their order counts. */
static void object_user(struct object *o, struct mogi_bytes region)
{
    struct object user;
    struct mogi_property p;
    const char *before = "[";
    object_key(o, mogi_text("user-properties"));
    while (mogi_property_next(&region, &p)) {
        if (p.id != MOGI_USER_PROPERTY) continue;
        (void)fputs(before, o->to);
        object_open(&user, o->to, o->pretty, o->depth + 1);
        object_key(&user, p.key);
        json_print_string(o->to, bytes_at(p.text.data, p.text.size));
        object_close(&user);
        before = o->pretty ? ", " : ",";
    }
    (void)fputc(']', o->to);
}

static void object_properties(struct object *o, struct mogi_bytes region)
{
    struct object inner;
    struct mogi_property p;
    bool user_done = false;
    object_key(o, mogi_text("properties"));
    object_open(&inner, o->to, o->pretty, o->depth);
    struct mogi_bytes rest = region;
    while (mogi_property_next(&rest, &p)) {
        switch (p.id) {
        case MOGI_PAYLOAD_FORMAT:
            object_number(&inner, "payload-format-indicator", p.number);
            break;
        case MOGI_MESSAGE_EXPIRY:
            object_number(&inner, "message-expiry-interval", p.number);
            break;
        case MOGI_SUBSCRIPTION_ID:
            object_number(&inner, "subscription-identifier", p.number);
            break;
        case MOGI_TOPIC_ALIAS:
            object_number(&inner, "topic-alias", p.number);
            break;
        case MOGI_CONTENT_TYPE:
            object_text(&inner, "content-type", p.text);
            break;
        case MOGI_RESPONSE_TOPIC:
            object_text(&inner, "response-topic", p.text);
            break;
        case MOGI_CORRELATION_DATA:
            object_text(&inner, "correlation-data", p.text);
            break;
        case MOGI_USER_PROPERTY:
            if (!user_done) object_user(&inner, region);
            user_done = true;
            break;
        default: break;
        }
    }
    object_close(&inner);
}

static void object_time(struct object *o, const struct timespec *now)
{
    char second[FORMAT_TIME_SIZE];
    char zone[FORMAT_TIME_SIZE];
    size_t second_size = format_time(second, "%Y-%m-%dT%H:%M:%S", now);
    size_t zone_size = format_time(zone, "%z", now);
    object_key(o, mogi_text("tst"));
    (void)fprintf(o->to, "\"%.*s.%06ld%.*s\"", (int)second_size, second,
                  now->tv_nsec / 1000, (int)zone_size, zone);
}

bool format_json(FILE *to, bool pretty, bool raw, const struct mogi_message *m,
                 const struct timespec *now)
{
    struct bytes payload = bytes_at(m->payload.data, m->payload.size);
    if (raw && payload.size > 0 && !json_valid(payload)) return false;
    struct object o;
    object_open(&o, to, pretty, 0);
    object_time(&o, now);
    object_text(&o, "topic", m->topic);
    object_number(&o, "qos", m->qos);
    object_flag(&o, "retain", m->retain);
    object_number(&o, "payloadlen", m->payload.size);
    if (m->qos > 0) object_number(&o, "mid", m->packet_id);
    if (m->properties.size > 0) object_properties(&o, m->properties);
    object_key(&o, mogi_text("payload"));
    if (!raw)
        json_print_string(to, payload);
    else if (payload.size == 0)
        (void)fputs("null", to);
    else
        json_print(to, payload, pretty, 1);
    object_close(&o);
    return true;
}
