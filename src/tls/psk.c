/* psk.c - see psk.h. */
#include "tls/psk.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = PSK_IDENTITY_MAX + 2 * PSK_KEY_MAX + 16 };

/* One line: the identity, and its key behind it. */
struct entry {
    char *identity;
    uint8_t *key;
    size_t key_size;
};

struct psk {
    struct entry *list; /* by identity, as strcmp orders them */
    size_t count, capacity;
};

static void entry_free(struct entry *entry)
{
    OPENSSL_free(entry->identity);
    OPENSSL_clear_free(entry->key, entry->key_size);
}

void psk_free(struct psk *psk)
{
    if (psk == NULL) return;
    for (size_t i = 0; i < psk->count; i++) {
        entry_free(&psk->list[i]);
    }
    OPENSSL_free(psk->list);
    OPENSSL_free(psk);
}

size_t psk_count(const struct psk *psk)
{
    return psk->count;
}

static int entry_compare(const void *a, const void *b)
{
    const struct entry *first = a, *second = b;
    return strcmp(first->identity, second->identity);
}

struct bytes psk_find(const struct psk *psk, const char *identity)
{
    struct entry wanted = {.identity = (char *)(uintptr_t)identity};
    const struct entry *found = NULL;
    if (psk->count > 0) {
        found = bsearch(&wanted, psk->list, psk->count, sizeof wanted,
                        entry_compare);
    }
    if (found == NULL) return bytes_at(NULL, 0);
    return bytes_at(found->key, found->key_size);
}

static bool list_reserve(struct psk *psk)
{
    if (psk->count < psk->capacity) return true;
    size_t capacity = psk->capacity == 0 ? 16 : psk->capacity * 2;
    void *list = OPENSSL_realloc(psk->list, capacity * sizeof *psk->list);
    if (list == NULL) return false;
    psk->list = list;
    psk->capacity = capacity;
    return true;
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/* The bytes that `digits` mean, in their own memory; NULL: they mean none. */
static uint8_t *key_decode(const char *digits, size_t *size)
{
    size_t count = strlen(digits);
    *size = count / 2;
    if (count == 0 || count % 2 != 0 || *size > PSK_KEY_MAX) return NULL;
    uint8_t *key = OPENSSL_malloc(*size);
    for (size_t i = 0; key != NULL && i < *size; i++) {
        int high = digit_value(digits[2 * i]);
        int low = digit_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            OPENSSL_clear_free(key, *size);
            return NULL;
        }
        key[i] = (uint8_t)(high << 4 | low);
    }
    return key;
}

/* What is wrong with the line, or NULL. A comment or an empty line is fine. */
static const char *line_take(struct psk *psk, char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#') return NULL;
    char *colon = strrchr(line, ':');
    if (colon == NULL) return "it is not \"identity:key\"";
    *colon = '\0';
    if (line[0] == '\0') return "the identity is empty";
    if (strlen(line) > PSK_IDENTITY_MAX) return "the identity is too long";
    if (psk->count == PSK_COUNT_MAX) return "there are too many of them";
    struct entry entry = {.identity = OPENSSL_strdup(line)};
    entry.key = key_decode(colon + 1, &entry.key_size);
    if (entry.identity == NULL || entry.key == NULL || !list_reserve(psk)) {
        entry_free(&entry);
        return "the key is pairs of hexadecimal digits, at most 512";
    }
    psk->list[psk->count++] = entry;
    return NULL;
}

static enum err lines_read(struct psk *psk, FILE *file, const char *path,
                           struct trouble_text *trouble)
{
    char line[LINE_MAX_BYTES];
    const char *wrong = NULL;
    unsigned number = 0;
    while (wrong == NULL && fgets(line, sizeof line, file) != NULL) {
        number++;
        wrong =
            strchr(line, '\n') == NULL && !feof(file) ? "it is too long" : NULL;
        if (wrong == NULL) wrong = line_take(psk, line);
    }
    OPENSSL_cleanse(line, sizeof line);
    if (wrong == NULL) return OK;
    explain(trouble, "the psk_file %s is wrong in line %u: %s", path, number,
            wrong);
    return ERR_CONFIG;
}

/* Two keys for one identity: which of them counts would be luck. */
static enum err twins_check(const struct psk *psk, const char *path,
                            struct trouble_text *trouble)
{
    for (size_t i = 1; i < psk->count; i++) {
        const char *identity = psk->list[i].identity;
        if (strcmp(psk->list[i - 1].identity, identity) != 0) continue;
        explain(trouble, "the psk_file %s has two keys for '%s'", path,
                identity);
        return ERR_CONFIG;
    }
    return OK;
}

enum err psk_new(const char *path, struct psk **out,
                 struct trouble_text *trouble)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        explain(trouble, "cannot read the psk_file %s: %s", path,
                strerror(errno));
        return ERR_CONFIG;
    }
    struct psk *psk = OPENSSL_zalloc(sizeof *psk);
    enum err err = psk == NULL ? ERR_NO_MEMORY : OK;
    if (err == OK) err = lines_read(psk, file, path, trouble);
    (void)fclose(file);
    if (err == OK && psk->count > 0) {
        qsort(psk->list, psk->count, sizeof *psk->list, entry_compare);
        err = twins_check(psk, path, trouble);
    }
    if (err != OK) {
        psk_free(psk);
        return err;
    }
    *out = psk;
    return OK;
}
