/* keys_row.h - how a row of the tables of keys is written; for keys_*.c only.
 *
 * A row says where its value goes: AT a member of struct config, IN one of
 * struct config_listener, or FOR_ENTRY one of its `entry`. Rows can be changed
 * by a reload, those that begin with FIXED take a restart. A row with INSTEAD
 * is refused, and says what to do instead. */
#ifndef MOGI_BROKER_KEYS_ROW_H
#define MOGI_BROKER_KEYS_ROW_H

#include "broker/keys.h"
#include "broker/setting.h"

#define AT(member)                                                             \
    .offset = offsetof(struct config, member),                                 \
    .size = sizeof(((struct config *)0)->member)
#define IN(member)                                                             \
    .scope = SCOPE_LISTENER,                                                   \
    .offset = offsetof(struct config_listener, member),                        \
    .size = sizeof(((struct config_listener *)0)->member)
#define FOR_ENTRY(member)                                                      \
    .scope = SCOPE_ENTRY,                                                      \
    .offset = offsetof(struct config_listener, entry.member),                  \
    .size = sizeof(((struct config_listener *)0)->entry.member)

#define ROW(key, sort, standard, text, ...)                                    \
    {                                                                          \
        .name = key, .kind = sort, .fallback = standard, .help = text,         \
        __VA_ARGS__                                                            \
    }
#define LIVE          .reloadable = true
#define INSTEAD(text) .refused = text
#define UTF8          .utf8 = true
/* What a value looks like. */
#define FORM(text) .form = text
#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

#define BOOL(key, where, standard, ...)                                        \
    ROW(key, KEY_BOOL, standard, __VA_ARGS__, where, LIVE)
#define FIXED_BOOL(key, where, standard, ...)                                  \
    ROW(key, KEY_BOOL, standard, __VA_ARGS__, where)
#define NUMBER(key, where, low, high, standard, ...)                           \
    ROW(key, KEY_NUMBER, standard, __VA_ARGS__, where, .min = low,             \
        .max = high, LIVE)
#define FIXED_NUMBER(key, where, low, high, standard, ...)                     \
    ROW(key, KEY_NUMBER, standard, __VA_ARGS__, where, .min = low, .max = high)
#define LIMIT(key, where, high, standard, ...)                                 \
    ROW(key, KEY_LIMIT, standard, __VA_ARGS__, where, .max = high, LIVE)
#define DURATION(key, where, standard, ...)                                    \
    ROW(key, KEY_DURATION, standard, __VA_ARGS__, where, LIVE)
#define WORD(key, where, list, standard, ...)                                  \
    ROW(key, KEY_WORD, standard, __VA_ARGS__, where, .words = list, LIVE)
#define FIXED_WORD(key, where, list, standard, ...)                            \
    ROW(key, KEY_WORD, standard, __VA_ARGS__, where, .words = list)
#define TEXT(key, where, high, standard, ...)                                  \
    ROW(key, KEY_TEXT, standard, __VA_ARGS__, where, .max = high, LIVE)
#define FIXED_TEXT(key, where, high, standard, ...)                            \
    ROW(key, KEY_TEXT, standard, __VA_ARGS__, where, .max = high)
/* A text as long as there is room for. */
#define PATH(key, where, ...)                                                  \
    ROW(key, KEY_TEXT, "", __VA_ARGS__, where, FORM("PATH"),                   \
        .max = CONFIG_TEXT_MAX - 1, LIVE)
#define FIXED_PATH(key, where, ...)                                            \
    ROW(key, KEY_TEXT, "", __VA_ARGS__, where, FORM("PATH"),                   \
        .max = CONFIG_TEXT_MAX - 1)
#define TEXTS(key, where, ...)                                                 \
    ROW(key, KEY_TEXTS, "", __VA_ARGS__, where, FORM("PATH"),                  \
        .max = CONFIG_TEXT_MAX - 1, LIVE)
#define CALL(key, function, standard, ...)                                     \
    ROW(key, KEY_CALL, standard, __VA_ARGS__, .call = function, LIVE)
/* The same, about a listener. */
#define CALL_IN(key, function, standard, ...)                                  \
    ROW(key, KEY_CALL, standard, __VA_ARGS__, .call = function,                \
        .scope = SCOPE_LISTENER, LIVE)
#define CALL_ENTRY(key, function, standard, ...)                               \
    ROW(key, KEY_CALL, standard, __VA_ARGS__, .call = function,                \
        .scope = SCOPE_ENTRY, LIVE)

#define NOTE(key, text)                                                        \
    {                                                                          \
        .name = key, .kind = KEY_NOTE, .help = text                            \
    }
#define REFUSED(key, text)                                                     \
    {                                                                          \
        .name = key, .kind = KEY_REFUSED, .help = text, .refused = text        \
    }

#endif
