/* format.c - see format.h. */
#include "cli/format.h"

#include "cli/format_json.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

/* A sequence that starts with %. */
struct spec {
    bool left;
    bool zero;
    int width;      /* 0: none */
    int precision;  /* -1: none */
    char separator; /* between groups of hexadecimal digits */
    char letter;
};

enum { WIDTH_MAX = 10000 };

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
    struct spec s = {.precision = -1, .separator = ' '};
    s.left = **at == '-';
    s.zero = **at == '0';
    if (s.left || s.zero) *at += 1;
    s.width = number_skip(at);
    if (**at == '.') {
        *at += 1;
        s.precision = number_skip(at);
        if (**at != '%' && ispunct((unsigned char)**at)) s.separator = *(*at)++;
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
    static const char letters[] = "%ACDEFIJPRSUXdfjlmpqrtx";
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

/* Spaces, or zeros, before or behind `size` characters in their field. */
static void gap_print(FILE *to, const struct spec *s, bool before, size_t size)
{
    size_t width = (size_t)s->width;
    if (before == s->left || size >= width) return;
    pad(to, s->zero && before ? '0' : ' ', width - size);
}

/* The payload in a field: a width also cuts it, as mosquitto_sub does. */
static void payload_print(FILE *to, const struct spec *s,
                          struct mogi_bytes payload)
{
    size_t width = (size_t)s->width;
    if (width > 0 && payload.size > width) payload.size = width;
    gap_print(to, s, true, payload.size);
    (void)fwrite(payload.data, 1, payload.size, to);
    gap_print(to, s, false, payload.size);
}

/* The same in hexadecimal; a precision parts it into groups of digits. */
static void hex_print(FILE *to, const struct spec *s, struct mogi_bytes payload)
{
    const char *digits =
        s->letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    size_t width = (size_t)s->width, group = (size_t)s->precision;
    if (width > 0 && payload.size > width) payload.size = width;
    size_t count = payload.size * 2;
    bool parted = s->precision > 0 && count > 0;
    size_t size = parted ? count + (count - 1) / group : count;
    gap_print(to, s, true, size);
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = payload.data[i / 2];
        if (parted && i > 0 && i % group == 0) (void)fputc(s->separator, to);
        (void)fputc(digits[i % 2 == 0 ? byte >> 4 : byte & 15], to);
    }
    gap_print(to, s, false, size);
}

/* The payload as a number of IEEE 754, the least byte first. False: it has
 * another size. */
static bool real_print(FILE *to, const struct spec *s,
                       struct mogi_bytes payload)
{
    size_t size = s->letter == 'f' ? sizeof(float) : sizeof(double);
    uint64_t bits = 0;
    double value;
    if (payload.size != size) return false;
    for (size_t i = size; i > 0; i--)
        bits = bits << 8 | payload.data[i - 1];
    if (s->letter == 'f') {
        uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        value = (double)single;
    } else {
        memcpy(&value, &bits, sizeof value);
    }
    int width = s->width, precision = s->precision;
    if (s->left)
        (void)fprintf(to, "%-*.*f", width, precision, value);
    else if (s->zero)
        (void)fprintf(to, "%0*.*f", width, precision, value);
    else
        (void)fprintf(to, "%*.*f", width, precision, value);
    return true;
}

size_t format_time(char text[FORMAT_TIME_SIZE], const char *format,
                   const struct timespec *now)
{
    /* By a pointer: a compiler wants to see strftime's format, which is the
     * user's here. */
    size_t (*const print)(char *, size_t, const char *, const struct tm *) =
        strftime;
    struct tm local;
    if (localtime_r(&now->tv_sec, &local) == NULL) return 0;
    return print(text, FORMAT_TIME_SIZE, format, &local);
}

static void time_print(FILE *to, char letter, const struct timespec *now)
{
    if (letter == '@') {
        (void)fputc('@', to);
    } else if (letter == 'N') {
        (void)fprintf(to, "%09ld", now->tv_nsec);
    } else {
        char text[FORMAT_TIME_SIZE];
        const char format[] = {'%', letter, '\0'};
        (void)fwrite(text, 1, format_time(text, format, now), to);
    }
}

static void iso_print(FILE *to, const struct spec *s,
                      const struct timespec *now)
{
    char text[FORMAT_TIME_SIZE];
    size_t size = format_time(text, "%Y-%m-%dT%H:%M:%S%z", now);
    text_print(to, s, (struct mogi_bytes){(uint8_t *)text, size});
}

/* --- the whole ----------------------------------------------------------- */

/* NULL, or what the payload is not. */
static const char *spec_print(FILE *to, const struct spec *s, bool pretty,
                              const struct mogi_message *m,
                              const struct timespec *now)
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
    case 'd':
        return real_print(to, s, m->payload) ? NULL : "a double (8 bytes)";
    case 'f': return real_print(to, s, m->payload) ? NULL : "a float (4 bytes)";
    case 'j': (void)format_json(to, pretty, false, m, now); break;
    case 'J':
        return format_json(to, pretty, true, m, now) ? NULL : "valid JSON";
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
    case 'x':
    case 'X': hex_print(to, s, m->payload); break;
    default: payload_print(to, s, m->payload); break; /* p */
    }
    return NULL;
}

static void escape_print(FILE *to, char letter)
{
    static const char letters[] = "\\0aenrtv";
    static const char plain[] = "\\\0\a\033\n\r\t\v";
    const char *found = strchr(letters, letter);
    assert(found != NULL);
    (void)fputc(plain[found - letters], to);
}

const char *format_print(FILE *to, const char *format, bool pretty,
                         const struct mogi_message *m,
                         const struct timespec *now)
{
    const char *at = format;
    const char *wrong = NULL;
    while (*at != '\0') {
        char kind = *at++;
        if (kind == '%') {
            struct spec s = spec_read(&at);
            const char *wanted = spec_print(to, &s, pretty, m, now);
            if (wanted != NULL) wrong = wanted;
        } else if (kind == '@') {
            time_print(to, *at++, now);
        } else if (kind == '\\') {
            escape_print(to, *at++);
        } else {
            (void)fputc(kind, to);
        }
    }
    return wrong;
}
