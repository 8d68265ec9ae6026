/* json.h - JSON from outside, read with cJSON, but strictly.
 *
 * What two readers could understand differently is refused: text that is not
 * UTF-8, NUL in a string (cJSON would end it there), a name that stands twice
 * in one object, anything behind the value. Depth and width are bounded, so
 * that no input costs more than its size.
 */
#ifndef MOGI_AUTH_JSON_H
#define MOGI_AUTH_JSON_H

#include "base/bytes.h"

#include <cjson/cJSON.h>

enum {
    JSON_DEPTH_MAX = 16,
    JSON_MEMBERS_MAX = 256, /* of one object */
    JSON_SIZE_MAX = 1 << 20
};

/* Read `text`. NULL: it is not one JSON value as above; `*why` then says why,
 * in static memory. Freed with cJSON_Delete. */
cJSON *json_read(struct bytes text, const char **why);

/* As json_read, but the value must be an object. */
cJSON *json_read_object(struct bytes text, const char **why);

/* The member `name` of `object`, or NULL. Letters' case counts. */
const cJSON *json_member(const cJSON *object, const char *name);

/* The text of member `name`, borrowed from `object`; NULL when it is not there
 * or no string. */
const char *json_text(const cJSON *object, const char *name);

/* The whole number in `item`, as a NumericDate has it: a fraction is dropped.
 * False: it is none, negative, or above 2^53. */
bool json_number(const cJSON *item, uint64_t *out);

#endif
