/* setting.c - see setting.h. */
#include "broker/setting.h"

#include "broker/value.h"
#include "wire/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where its value goes. */
static void *setting_at(const struct setting *setting)
{
    const struct key *key = setting->key;
    if (key->scope == SCOPE_BROKER) {
        return (char *)setting->config + key->offset;
    }
    assert(setting->listener != NULL);
    return (char *)setting->listener + key->offset;
}

static void number_store(const struct setting *setting, uint64_t value)
{
    void *to = setting_at(setting);
    switch (setting->key->size) {
    case 1: *(uint8_t *)to = (uint8_t)value; break;
    case 2: *(uint16_t *)to = (uint16_t)value; break;
    case 4: *(uint32_t *)to = (uint32_t)value; break;
    default:
        assert(setting->key->size == 8);
        *(uint64_t *)to = value;
        break;
    }
}

static void number_set(const struct setting *setting)
{
    const struct key *key = setting->key;
    uint64_t number = 0;
    bool none = key->kind == KEY_LIMIT && strcmp(setting->value, "-1") == 0;
    const char *want = none ? NULL : value_number(setting->value, &number);
    if (want != NULL) {
        setting_error(setting, "%s is %s, not '%s'", key->name, want,
                      setting->value);
    } else if (number < key->min || number > key->max) {
        setting_error(setting, "%s is %llu to %llu, not %s", key->name,
                      (unsigned long long)key->min,
                      (unsigned long long)key->max, setting->value);
    } else {
        number_store(setting, number);
    }
}

static bool text_fits(const struct setting *setting)
{
    const struct key *key = setting->key;
    size_t size = strlen(setting->value);
    if (size <= key->max) return true;
    setting_error(setting, "%s is at most %llu bytes long, not %zu", key->name,
                  (unsigned long long)key->max, size);
    return false;
}

static void text_set(const struct setting *setting)
{
    assert(setting->key->max < setting->key->size);
    if (!text_fits(setting)) return;
    memcpy(setting_at(setting), setting->value, strlen(setting->value) + 1);
}

/* A place that wins over those before it begins anew. */
static void texts_add(const struct setting *setting)
{
    struct config_texts *texts = setting_at(setting);
    assert(setting->key->size == sizeof *texts);
    if (!text_fits(setting)) return;
    if (setting->place->rank > texts->rank) {
        memset(texts, 0, sizeof *texts);
        texts->rank = (uint8_t)setting->place->rank;
    }
    if (texts->count == CONFIG_TEXTS_MAX) {
        setting_error(setting, "%s stands more than %d times",
                      setting->key->name, CONFIG_TEXTS_MAX);
        return;
    }
    memcpy(texts->list[texts->count++], setting->value,
           strlen(setting->value) + 1);
}

static void simple_set(const struct setting *setting)
{
    const struct key *key = setting->key;
    uint64_t index = 0;
    const char *want = NULL;
    if (key->kind == KEY_BOOL) {
        want = value_bool(setting->value, setting_at(setting));
    } else if (key->kind == KEY_DURATION) {
        want = value_duration(setting->value, setting_at(setting));
    } else {
        assert(key->kind == KEY_WORD);
        want = value_word(setting->value, key->words, &index);
        if (want == NULL) number_store(setting, index);
    }
    if (want == NULL) return;
    setting_error(setting, "%s is %s%s, not '%s'", key->name,
                  key->kind == KEY_WORD ? "one of: " : "", want,
                  setting->value);
}

void setting_apply(const struct setting *setting)
{
    if (setting->key->utf8 && !utf8_valid(bytes_of(setting->value))) {
        setting_error(setting, "%s is no UTF-8, which every text of MQTT is",
                      setting->key->name);
        return;
    }
    switch (setting->key->kind) {
    case KEY_NUMBER:
    case KEY_LIMIT: number_set(setting); break;
    case KEY_BOOL:
    case KEY_DURATION:
    case KEY_WORD: simple_set(setting); break;
    case KEY_TEXT: text_set(setting); break;
    case KEY_TEXTS: texts_add(setting); break;
    case KEY_CALL: setting->key->call(setting); break;
    case KEY_NOTE:
    case KEY_REFUSED: assert(false);
    }
}

__attribute__((format(printf, 3, 0))) static void setting_say(
    const struct setting *setting, struct report *report, const char *format,
    va_list arguments)
{
    char text[REPORT_LINE_BYTES_MAX];
    (void)vsnprintf(text, sizeof text, format, arguments);
    config_say(report, setting->place, "%s", text);
}

void setting_error(const struct setting *setting, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    setting_say(setting, &setting->reports->errors, format, arguments);
    va_end(arguments);
}

void setting_note(const struct setting *setting, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    setting_say(setting, &setting->reports->notes, format, arguments);
    va_end(arguments);
}
