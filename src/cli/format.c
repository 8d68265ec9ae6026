/* format.c - see format.h. */
#include "cli/format.h"

#include "cli/json.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

/* A sequence that starts with %. */
struct spec {
    bool left;
    bool zero;
    int width;     /* 0: none */
    int precision; /* -1: none */
    char letter;
};

enum { WIDTH_MAX = 10000, TIME_SIZE = 128 };

static int number_skip(const char **at)
{
    int value = 0;
    for (; isdigit((unsigned char)**at); *at += 1) {
        if (value < WIDTH_MAX) value = value * 10 + (**at - '0');
    }
    return value;
}

/* Read what follows %; leaves *at behind the letter, or at the end of the
 * format when that comes first. */
static struct spec spec_read(const char **at)
{
    struct spec s = {.precision = -1};
    s.left = **at == '-';
    s.zero = **at == '0';
    if (s.left || s.zero) *at += 1;
    s.width = number_skip(at);
    if (**at == '.') {
        *at += 1;
        s.precision = number_skip(at);
    }
    s.letter = **at;
    if (**at != '\0') *at += 1;
    return s;
}

static bool check_fail(char *error, size_t size, const char *text, char letter)
{
    if (letter == '\0') {
        (void)snprintf(error, size, "Error: Incomplete %s specifier.\n", text);
    } else {
        (void)snprintf(error, size, "Error: Invalid %s specifier '%c'.\n", text,
                       letter);
    }
    return false;
}

bool format_check(const char *format, char *error, size_t size)
{
    static const char letters[] = "%ACDEFIJPRSUXjlmpqrtx";
    static const char escapes[] = "\\0aenrtv";
    const char *at = format;
    while (*at != '\0') {
        char kind = *at++;
        if (kind == '%') {
            char letter = spec_read(&at).letter;
            if (letter == '\0' || strchr(letters, letter) == NULL) {
                return check_fail(error, size, "format", letter);
            }
        } else if (kind == '@') {
            if (*at == '\0') return check_fail(error, size, "format", *at);
            at++;
        } else if (kind == '\\') {
            if (*at == '\0' || strchr(escapes, *at) == NULL) {
                return check_fail(error, size, "escape", *at);
            }
            at++;
        }
    }
    return true;
}

static void pad(FILE *to, int c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)fputc(c, to);
}

/* `text` in a field; width and precision count bytes. */
static void text_print(FILE *to, const struct spec *s, struct mogi_bytes text)
{
    size_t width = (size_t)s->width;
    if (s->precision >= 0 && text.size > (size_t)s->precision) {
        text.size = (size_t)s->precision;
    }
    size_t gap = text.size < width ? width - text.size : 0;
    if (!s->left) pad(to, ' ', gap);
    if (text.size > 0) (void)fwrite(text.data, 1, text.size, to);
    if (s->left) pad(to, ' ', gap);
}

static void number_print(FILE *to, const struct spec *s, uint64_t value)
{
    int width = s->width;
    unsigned long long number = value;
    if (s->left)
        (void)fprintf(to, "%-*llu", width, number);
    else if (s->zero)
        (void)fprintf(to, "%0*llu", width, number);
    else
        (void)fprintf(to, "%*llu", width, number);
}

/* A number that is absent leaves its field. */
static void property_number_print(FILE *to, const struct spec *s,
                                  const struct mogi_message *m,
                                  enum mogi_property_id id)
{
    struct mogi_property p;
    if (mogi_property_find(m->properties, id, &p)) {
        number_print(to, s, p.number);
    } else {
        pad(to, s->zero ? '0' : ' ', (size_t)s->width);
    }
}

static void property_text_print(FILE *to, const struct spec *s,
                                const struct mogi_message *m,
                                enum mogi_property_id id)
{
    struct mogi_property p = {.text = {NULL, 0}};
    (void)mogi_property_find(m->properties, id, &p);
    text_print(to, s, p.text);
}

static void user_print(FILE *to, const struct mogi_message *m)
{
    struct mogi_bytes region = m->properties;
    struct mogi_property p;
    const char *before = "";
    while (mogi_property_next(&region, &p)) {
        if (p.id != MOGI_USER_PROPERTY) continue;
        (void)fputs(before, to);
        (void)fwrite(p.key.data, 1, p.key.size, to);
        (void)fputc(':', to);
        (void)fwrite(p.text.data, 1, p.text.size, to);
        before = " ";
    }
}

/* The payload in a field: a width also cuts it, as mosquitto_sub does. */
static void payload_print(FILE *to, const struct spec *s,
                          struct mogi_bytes payload)
{
    size_t width = (size_t)s->width;
    bool hex = s->letter != 'p';
    if (width > 0 && payload.size > width) payload.size = width;
    size_t size = hex ? payload.size * 2 : payload.size;
    size_t gap = size < width ? width - size : 0;
    if (!s->left) pad(to, s->zero ? '0' : ' ', gap);
    if (!hex) (void)fwrite(payload.data, 1, payload.size, to);
    for (size_t i = 0; hex && i < payload.size; i++) {
        (void)fprintf(to, s->letter == 'x' ? "%02x" : "%02X", payload.data[i]);
    }
    if (s->left) pad(to, ' ', gap);
}

/* `format` of strftime at `now`, in local time. */
static size_t time_text(char *text, const char *format,
                        const struct timespec *now)
{
    /* By a pointer: a compiler wants to see strftime's format, which is the
     * user's here. */
    size_t (*const print)(char *, size_t, const char *, const struct tm *) =
        strftime;
    struct tm local;
    if (localtime_r(&now->tv_sec, &local) == NULL) return 0;
    return print(text, TIME_SIZE, format, &local);
}

static void time_print(FILE *to, char letter, const struct timespec *now)
{
    if (letter == '@') {
        (void)fputc('@', to);
    } else if (letter == 'N') {
        (void)fprintf(to, "%09ld", now->tv_nsec);
    } else {
        char text[TIME_SIZE];
        const char format[] = {'%', letter, '\0'};
        (void)fwrite(text, 1, time_text(text, format, now), to);
    }
}

static void iso_print(FILE *to, const struct spec *s,
                      const struct timespec *now)
{
    char text[TIME_SIZE];
    size_t size = time_text(text, "%Y-%m-%dT%H:%M:%S%z", now);
    text_print(to, s, (struct mogi_bytes){(uint8_t *)text, size});
}

/* --- %j and %J ----------------------------------------------------------- */

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
    pad(o->to, '\t', count);
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

static void object_close(struct object *o)
{
    object_tabs(o, o->depth - 1);
    (void)fputc('}', o->to);
}

/* All user properties, where the first one stands. */
static void object_user(struct object *o, struct mogi_bytes region)
{
    struct object user;
    struct mogi_property p;
    object_key(o, mogi_text("user-properties"));
    object_open(&user, o->to, o->pretty, o->depth);
    while (mogi_property_next(&region, &p)) {
        if (p.id != MOGI_USER_PROPERTY) continue;
        object_key(&user, p.key);
        json_print_string(o->to, bytes_at(p.text.data, p.text.size));
    }
    object_close(&user);
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

/* The Z before the zone is wrong, and is what mosquitto_sub prints. */
static void object_time(struct object *o, const struct timespec *now)
{
    char second[TIME_SIZE];
    char zone[TIME_SIZE];
    size_t second_size = time_text(second, "%Y-%m-%dT%H:%M:%S", now);
    size_t zone_size = time_text(zone, "%z", now);
    object_key(o, mogi_text("tst"));
    (void)fprintf(o->to, "\"%.*s.%06ldZ%.*s\"", (int)second_size, second,
                  now->tv_nsec / 1000, (int)zone_size, zone);
}

static bool json_message(FILE *to, bool pretty, bool raw,
                         const struct mogi_message *m,
                         const struct timespec *now)
{
    struct bytes payload = bytes_at(m->payload.data, m->payload.size);
    if (raw && payload.size > 0 && !json_valid(payload)) return false;
    struct object o;
    object_open(&o, to, pretty, 0);
    object_time(&o, now);
    object_text(&o, "topic", m->topic);
    object_number(&o, "qos", m->qos);
    object_number(&o, "retain", m->retain);
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

/* --- the whole ----------------------------------------------------------- */

static bool spec_print(FILE *to, const struct spec *s, bool pretty,
                       const struct mogi_message *m, const struct timespec *now)
{
    switch (s->letter) {
    case '%': (void)fputc('%', to); break;
    case 'A': property_number_print(to, s, m, MOGI_TOPIC_ALIAS); break;
    case 'C': property_text_print(to, s, m, MOGI_CONTENT_TYPE); break;
    case 'D':
        property_text_print(to, &(struct spec){.precision = -1}, m,
                            MOGI_CORRELATION_DATA);
        break;
    case 'E': property_number_print(to, s, m, MOGI_MESSAGE_EXPIRY); break;
    case 'F': property_number_print(to, s, m, MOGI_PAYLOAD_FORMAT); break;
    case 'I': iso_print(to, s, now); break;
    case 'j': return json_message(to, pretty, false, m, now);
    case 'J': return json_message(to, pretty, true, m, now);
    case 'l': number_print(to, s, m->payload.size); break;
    case 'm': number_print(to, s, m->packet_id); break;
    case 'P': user_print(to, m); break;
    case 'q': (void)fprintf(to, "%u", m->qos); break;
    case 'R': property_text_print(to, s, m, MOGI_RESPONSE_TOPIC); break;
    case 'r': (void)fputc(m->retain ? '1' : '0', to); break;
    case 'S': property_number_print(to, s, m, MOGI_SUBSCRIPTION_ID); break;
    case 't': text_print(to, s, m->topic); break;
    case 'U':
        (void)fprintf(to, "%lld.%09ld", (long long)now->tv_sec, now->tv_nsec);
        break;
    default: payload_print(to, s, m->payload); break; /* p, x, X */
    }
    return true;
}

static void escape_print(FILE *to, char letter)
{
    static const char letters[] = "\\0aenrtv";
    static const char plain[] = "\\\0\a\033\n\r\t\v";
    const char *found = strchr(letters, letter);
    assert(found != NULL);
    (void)fputc(plain[found - letters], to);
}

bool format_print(FILE *to, const char *format, bool pretty,
                  const struct mogi_message *m, const struct timespec *now)
{
    const char *at = format;
    bool printed = true;
    while (*at != '\0') {
        char kind = *at++;
        if (kind == '%') {
            struct spec s = spec_read(&at);
            if (!spec_print(to, &s, pretty, m, now)) printed = false;
        } else if (kind == '@') {
            time_print(to, *at++, now);
        } else if (kind == '\\') {
            escape_print(to, *at++);
        } else {
            (void)fputc(kind, to);
        }
    }
    return printed;
}
