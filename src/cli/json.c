/* json.c - see json.h. */
#include "cli/json.h"

#include "wire/utf8.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum { NESTING_MAX = 1000, NUMBER_SIZE = 64 };

/* One walk checks and prints: `to` is NULL while only checking. */
struct walk {
    const uint8_t *at;
    const uint8_t *end;
    FILE *to;
    bool pretty;
    bool failed;
    unsigned depth;
    unsigned nesting;
};

static void value_walk(struct walk *w);

static void emit(struct walk *w, const char *text)
{
    if (w->to != NULL) (void)fputs(text, w->to);
}

static void emit_tabs(struct walk *w, unsigned count)
{
    if (!w->pretty) return;
    emit(w, "\n");
    for (unsigned i = 0; i < count; i++)
        emit(w, "\t");
}

static void space_skip(struct walk *w)
{
    while (w->at < w->end && memchr(" \t\r\n", *w->at, 4) != NULL)
        w->at++;
}

/* Take `c`, if it comes next. */
static bool byte_take(struct walk *w, char c)
{
    if (w->at == w->end || *w->at != (uint8_t)c) return false;
    w->at += 1;
    return true;
}

static void byte_want(struct walk *w, char c)
{
    if (!byte_take(w, c)) w->failed = true;
}

static void char_print(FILE *to, unsigned c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = c == 0 ? NULL : memchr(plain, (int)c, sizeof plain - 1);
    if (found != NULL)
        (void)fprintf(to, "\\%c", letters[found - plain]);
    else if (c < 0x20)
        (void)fprintf(to, "\\u%04x", c);
    else
        (void)fputc((int)c, to);
}

void json_print_string(FILE *to, struct bytes text)
{
    (void)fputc('"', to);
    for (size_t i = 0; i < text.size; i++)
        char_print(to, text.data[i]);
    (void)fputc('"', to);
}

static void code_print(FILE *to, uint32_t code)
{
    if (code < 0x80) {
        char_print(to, code);
    } else if (code < 0x800) {
        (void)fprintf(to, "%c%c", (int)(0xc0 | code >> 6),
                      (int)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        (void)fprintf(to, "%c%c%c", (int)(0xe0 | code >> 12),
                      (int)(0x80 | (code >> 6 & 0x3f)),
                      (int)(0x80 | (code & 0x3f)));
    } else {
        (void)fprintf(to, "%c%c%c%c", (int)(0xf0 | code >> 18),
                      (int)(0x80 | (code >> 12 & 0x3f)),
                      (int)(0x80 | (code >> 6 & 0x3f)),
                      (int)(0x80 | (code & 0x3f)));
    }
}

/* Four hexadecimal digits. */
static uint32_t hex_walk(struct walk *w)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (w->at == w->end || !isxdigit(*w->at)) {
            w->failed = true;
            return 0;
        }
        uint32_t c = *w->at++;
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void escape_walk(struct walk *w)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char plain[] = "\"\\/\b\f\n\r\t";
    if (w->at == w->end) {
        w->failed = true;
        return;
    }
    uint8_t c = *w->at++;
    const char *found = memchr(letters, c, sizeof letters - 1);
    if (found != NULL) {
        c = (uint8_t)plain[found - letters];
        if (w->to != NULL) char_print(w->to, c);
        return;
    }
    if (c != 'u') {
        w->failed = true;
        return;
    }
    uint32_t code = hex_walk(w);
    if (code >= 0xd800 && code < 0xdc00) {
        byte_want(w, '\\');
        byte_want(w, 'u');
        uint32_t low = w->failed ? 0 : hex_walk(w);
        if (low < 0xdc00 || low > 0xdfff) w->failed = true;
        code = 0x10000 + ((code - 0xd800) << 10 | (low & 0x3ff));
    } else if (code >= 0xdc00 && code < 0xe000) {
        w->failed = true;
    }
    if (!w->failed && w->to != NULL) code_print(w->to, code);
}

static void string_walk(struct walk *w)
{
    byte_want(w, '"');
    emit(w, "\"");
    while (!w->failed && !byte_take(w, '"')) {
        if (w->at == w->end || *w->at < 0x20) {
            w->failed = true;
            return;
        }
        uint8_t c = *w->at++;
        if (c == '\\')
            escape_walk(w);
        else if (w->to != NULL)
            char_print(w->to, c);
    }
    emit(w, "\"");
}

static void digits_walk(struct walk *w)
{
    const uint8_t *start = w->at;
    while (w->at < w->end && isdigit(*w->at))
        w->at++;
    if (w->at == start) w->failed = true;
}

/* The shortest form: an int, 15 digits if they give the same double, or 17. */
static void number_print(FILE *to, const char *text)
{
    double value = strtod(text, NULL);
    if (!isfinite(value)) {
        (void)fputs("null", to);
    } else if (fabs(value) <= INT32_MAX && value == (double)(int)value) {
        (void)fprintf(to, "%d", (int)value);
    } else {
        char digits[NUMBER_SIZE];
        (void)snprintf(digits, sizeof digits, "%1.15g", value);
        if (strtod(digits, NULL) != value) {
            (void)snprintf(digits, sizeof digits, "%1.17g", value);
        }
        (void)fputs(digits, to);
    }
}

static void number_walk(struct walk *w)
{
    const uint8_t *start = w->at;
    (void)byte_take(w, '-');
    bool zero = w->at < w->end && *w->at == '0';
    digits_walk(w);
    if (zero && w->at - start > 1 + (*start == '-')) w->failed = true;
    if (byte_take(w, '.')) digits_walk(w);
    if (byte_take(w, 'e') || byte_take(w, 'E')) {
        if (!byte_take(w, '+')) (void)byte_take(w, '-');
        digits_walk(w);
    }
    if (w->failed || w->to == NULL) return;
    /* A number longer than this has more digits than a double can tell. */
    char text[NUMBER_SIZE * 16];
    size_t size = (size_t)(w->at - start);
    if (size >= sizeof text) size = sizeof text - 1;
    memcpy(text, start, size);
    text[size] = '\0';
    number_print(w->to, text);
}

static void word_walk(struct walk *w)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(words[i]);
        if ((size_t)(w->end - w->at) < size) continue;
        if (memcmp(w->at, words[i], size) != 0) continue;
        w->at += size;
        emit(w, words[i]);
        return;
    }
    w->failed = true;
}

static void array_walk(struct walk *w)
{
    byte_want(w, '[');
    emit(w, "[");
    w->depth += 1;
    space_skip(w);
    bool more = !byte_take(w, ']');
    while (more && !w->failed) {
        value_walk(w);
        space_skip(w);
        more = byte_take(w, ',');
        if (more)
            emit(w, w->pretty ? ", " : ",");
        else
            byte_want(w, ']');
    }
    w->depth -= 1;
    emit(w, "]");
}

static void object_walk(struct walk *w)
{
    byte_want(w, '{');
    emit(w, "{");
    w->depth += 1;
    space_skip(w);
    bool more = !byte_take(w, '}');
    while (more && !w->failed) {
        emit_tabs(w, w->depth);
        space_skip(w);
        string_walk(w);
        space_skip(w);
        byte_want(w, ':');
        emit(w, w->pretty ? ":\t" : ":");
        value_walk(w);
        space_skip(w);
        more = byte_take(w, ',');
        if (more)
            emit(w, ",");
        else
            byte_want(w, '}');
    }
    w->depth -= 1;
    emit_tabs(w, w->depth);
    emit(w, "}");
}

static void value_walk(struct walk *w)
{
    space_skip(w);
    if (w->failed || w->at == w->end || w->nesting == NESTING_MAX) {
        w->failed = true;
        return;
    }
    w->nesting += 1;
    if (*w->at == '{')
        object_walk(w);
    else if (*w->at == '[')
        array_walk(w);
    else if (*w->at == '"')
        string_walk(w);
    else if (*w->at == '-' || isdigit(*w->at))
        number_walk(w);
    else
        word_walk(w);
    w->nesting -= 1;
}

bool json_valid(struct bytes text)
{
    if (text.size == 0 || !utf8_payload_valid(text)) return false;
    struct walk w = {.at = text.data, .end = text.data + text.size};
    value_walk(&w);
    space_skip(&w);
    return !w.failed && w.at == w.end;
}

void json_print(FILE *to, struct bytes text, bool pretty, unsigned depth)
{
    struct walk w = {.at = text.data,
                     .end = text.data + text.size,
                     .to = to,
                     .pretty = pretty,
                     .depth = depth};
    value_walk(&w);
    assert(!w.failed);
}
