/* json.c - see json.h. */
#include "auth/json.h"

#include "wire/utf8.h"

#include <stdlib.h>

/* Above it a double no longer tells one whole number from the next. */
#define NUMBER_MAX 9007199254740992.0

/* What the text itself shows, before anybody builds a tree of it. Brackets are
 * counted outside strings only. */
static const char *text_fault(struct bytes text)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') {
            size_t left = text.size - i;
            if (left >= 6 && memcmp(text.data + i, "\\u0000", 6) == 0) {
                return "it holds a NUL";
            }
            i += 1; /* the next one is escaped, even if it is a quote */
        }
        if (in_string) continue;
        if (c == '[' || c == '{') depth += 1;
        if ((c == ']' || c == '}') && depth > 0) depth -= 1;
        if (depth > JSON_DEPTH_MAX) return "it is nested too deeply";
    }
    return NULL;
}

static bool names_unique(const cJSON *object)
{
    for (const cJSON *a = object->child; a != NULL; a = a->next) {
        for (const cJSON *b = a->next; b != NULL; b = b->next) {
            if (strcmp(a->string, b->string) == 0) return false;
        }
    }
    return true;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static const char *tree_fault(const cJSON *item)
{
    if (cJSON_IsObject(item)) {
        if (cJSON_GetArraySize(item) > JSON_MEMBERS_MAX) {
            return "an object in it has too many members";
        }
        if (!names_unique(item)) return "a name stands in it twice";
    }
    for (const cJSON *c = item->child; c != NULL; c = c->next) {
        const char *fault = tree_fault(c);
        if (fault != NULL) return fault;
    }
    return NULL;
}

static cJSON *text_parse(struct bytes text)
{
    char *copy = malloc(text.size + 1);
    if (copy == NULL) return NULL;
    if (text.size > 0) memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    cJSON *tree = cJSON_ParseWithLengthOpts(copy, text.size + 1, NULL, true);
    free(copy);
    return tree;
}

cJSON *json_read(struct bytes text, const char **why)
{
    *why = NULL;
    if (text.size > JSON_SIZE_MAX) *why = "it is too large";
    if (*why == NULL && !utf8_valid(text)) *why = "it is not UTF-8";
    if (*why == NULL) *why = text_fault(text);
    if (*why != NULL) return NULL;
    cJSON *tree = text_parse(text);
    *why = tree == NULL ? "it is not JSON" : tree_fault(tree);
    if (*why == NULL) return tree;
    cJSON_Delete(tree);
    return NULL;
}

cJSON *json_read_object(struct bytes text, const char **why)
{
    cJSON *tree = json_read(text, why);
    if (tree == NULL || cJSON_IsObject(tree)) return tree;
    cJSON_Delete(tree);
    *why = "it is no JSON object";
    return NULL;
}

const cJSON *json_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(json_member(object, name));
}

bool json_number(const cJSON *item, uint64_t *out)
{
    if (!cJSON_IsNumber(item)) return false;
    double value = item->valuedouble;
    /* Written so that what is not a number is refused as well. */
    if (!(value >= 0 && value <= NUMBER_MAX)) return false;
    *out = (uint64_t)value;
    return true;
}
