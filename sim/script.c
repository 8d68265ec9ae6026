/* script.c - tokens out of text. */
#include "sim/script.h"

#include "sim/words_codec.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

enum { REPEAT_MAX = 64 * 1024 * 1024 };

/* A text that grows. */
struct gather {
    uint8_t *data;
    size_t size, capacity;
};

static void gather_add(struct gather *g, uint8_t byte)
{
    if (g->size + 1 >= g->capacity) {
        g->capacity = g->capacity * 2 + 32;
        g->data = words_memory(g->data, g->capacity);
    }
    g->data[g->size++] = byte;
    g->data[g->size] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* One character behind a backslash. */
static const char *read_escape(const char **at, struct gather *g)
{
    char c = *(*at)++;
    switch (c) {
    case 'n': gather_add(g, '\n'); return NULL;
    case 't': gather_add(g, '\t'); return NULL;
    case '0': gather_add(g, 0); return NULL;
    case '\\':
    case '"': gather_add(g, (uint8_t)c); return NULL;
    case 'x': break;
    default: return "unknown escape";
    }
    int high = hex_digit((*at)[0]);
    int low = high < 0 ? -1 : hex_digit((*at)[1]);
    if (low < 0) return "\\x wants two hex digits";
    gather_add(g, (uint8_t)(high << 4 | low));
    *at += 2;
    return NULL;
}

/* "*N" behind quotes. */
static const char *read_repeat(const char **at, struct gather *g)
{
    if (**at != '*') return NULL;
    char *end;
    unsigned long times = strtoul(*at + 1, &end, 10);
    if (end == *at + 1) return "* wants a number";
    *at = end;
    if (times > REPEAT_MAX || g->size * times > REPEAT_MAX) return "too long";
    size_t once = g->size;
    if (times == 0) g->size = 0;
    for (size_t i = 1; i < times; i++) {
        for (size_t k = 0; k < once; k++)
            gather_add(g, g->data[k]);
    }
    return NULL;
}

static const char *read_quoted(const char **at, struct gather *g)
{
    const char *error = NULL;
    while (**at != '"') {
        char c = **at;
        if (c == 0 || c == '\n') return "a quote is not closed";
        *at += 1;
        if (c == '\\') {
            error = read_escape(at, g);
            if (error != NULL) return error;
        } else {
            gather_add(g, (uint8_t)c);
        }
    }
    *at += 1;
    return read_repeat(at, g);
}

static bool ends_word(char c)
{
    return c == 0 || c == '\n' || c == ' ' || c == '\t' || c == ';';
}

/* The key before "=", if there is one here. */
static size_t key_size(const char *at)
{
    size_t size = 0;
    while (islower((unsigned char)at[size]) || at[size] == '_' ||
           (size > 0 && isdigit((unsigned char)at[size]))) {
        size += 1;
    }
    return at[size] == '=' && size > 0 && size <= KEY_MAX ? size : 0;
}

static const char *token_read(const char **at, struct token *token)
{
    struct gather g = {0};
    const char *error = NULL;
    size_t size = key_size(*at);
    *token = (struct token){0};
    if (size > 0) {
        memcpy(token->key, *at, size);
        *at += size + 1;
    }
    if ((*at)[0] == '&' && (*at)[1] == '"') {
        token->counted = true;
        *at += 1;
    }
    gather_add(&g, 0);
    g.size = 0;
    if (**at == '"') {
        *at += 1;
        token->quoted = true;
        error = read_quoted(at, &g);
    } else {
        while (!ends_word(**at))
            gather_add(&g, (uint8_t) * (*at)++);
    }
    g.data[g.size] = 0;
    token->text = bytes_at(g.data, g.size);
    if (error == NULL && !ends_word(**at)) error = "a word follows too closely";
    return error;
}

const char *statement_read(const char **at, struct statement *statement)
{
    statement->count = 0;
    for (;;) {
        while (**at == ' ' || **at == '\t')
            *at += 1;
        if (**at == '#' && ends_word((*at)[1])) {
            while (**at != 0 && **at != '\n')
                *at += 1;
        }
        if (**at == ';') {
            *at += 1;
            return NULL;
        }
        if (**at == 0 || **at == '\n') return NULL;
        if (statement->count == TOKENS_MAX) return "too many words";
        const char *error =
            token_read(at, &statement->tokens[statement->count++]);
        if (error != NULL) return error;
    }
}

void statement_free(struct statement *statement)
{
    for (size_t i = 0; i < statement->count; i++) {
        free((void *)(uintptr_t)statement->tokens[i].text.data);
    }
    statement->count = 0;
}

bool token_is(const struct token *token, const char *word)
{
    return !token->quoted && token->key[0] == 0 &&
           bytes_equal(token->text, bytes_of(word));
}

bool token_number(const struct token *token, uint32_t *number)
{
    const char *text = (const char *)token->text.data;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *number = text[0] == 't';
        return true;
    }
    if (!isdigit((unsigned char)text[0])) return false;
    char *end;
    unsigned long long value =
        strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (*end != 0 || value > UINT32_MAX) return false;
    *number = (uint32_t)value;
    return true;
}

bool token_ms(const struct token *token, uint64_t *ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1},
                 {"s", 1000},
                 {"m", 60 * 1000},
                 {"h", 3600 * 1000},
                 {"d", 86400 * 1000}};
    const char *text = (const char *)token->text.data;
    if (!isdigit((unsigned char)text[0])) return false;
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) != 0) continue;
        *ms = value * units[i].ms;
        return true;
    }
    return false;
}
