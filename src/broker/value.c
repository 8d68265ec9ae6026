/* value.c - see value.h. */
#include "broker/value.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64, DISTANCE_FAR = 1000 };

const char *value_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool is_yes = strcasecmp(text, yes[i]) == 0;
        if (!is_yes && strcasecmp(text, no[i]) != 0) continue;
        *out = is_yes;
        return NULL;
    }
    return "\"true\" or \"false\"";
}

/* The digits at `*at`, which moves behind them. False when there is none, or
 * too many. */
static bool digits_read(const char **at, uint64_t *out)
{
    if (!isdigit((unsigned char)**at)) return false;
    uint64_t value = 0;
    for (; isdigit((unsigned char)**at); ++*at) {
        unsigned digit = (unsigned)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

const char *value_number(const char *text, uint64_t *out)
{
    uint64_t value;
    if (!digits_read(&text, &value) || *text != '\0') return "a whole number";
    *out = value;
    return NULL;
}

const char *value_duration(const char *text, uint32_t *out)
{
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = {{'s', 1},         {'h', 3600},       {'d', 86400},
                 {'w', 7 * 86400}, {'m', 30 * 86400}, {'y', 365 * 86400},
                 {'\0', 1}};
    static const char *const want =
        "a time as 90, 12h, 14d, 2w, 3m or 1y, at most 136y";
    uint64_t value;
    if (!digits_read(&text, &value)) return want;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (*text != units[i].letter) continue;
        if (*text != '\0' && text[1] != '\0') return want;
        if (value > UINT32_MAX / units[i].seconds) return want;
        *out = (uint32_t)value * units[i].seconds;
        return NULL;
    }
    return want;
}

const char *value_word(const char *text, const char *words, uint64_t *out)
{
    size_t size = strlen(text);
    uint64_t index = 0;
    for (const char *at = words; *at != '\0'; index++) {
        size_t word_size = strcspn(at, " ");
        if (word_size == size && strncasecmp(at, text, size) == 0) {
            *out = index;
            return NULL;
        }
        at += word_size;
        if (*at == ' ') at++;
    }
    return words;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned value_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size >= WORD_MAX || b_size >= WORD_MAX) return DISTANCE_FAR;
    unsigned rows[WORD_MAX][WORD_MAX];
    for (size_t i = 0; i <= a_size; i++)
        rows[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        for (size_t j = 1; j <= b_size; j++) {
            unsigned other = a[i - 1] != b[j - 1];
            unsigned cost = rows[i - 1][j - 1] + other;
            cost = least(cost, rows[i - 1][j] + 1);
            cost = least(cost, rows[i][j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                cost = least(cost, rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = cost;
        }
    }
    return rows[a_size][b_size];
}
