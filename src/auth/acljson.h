/* acljson.h - access rules as a token or a web server states them.
 *
 *     [{"permission": "allow", "action": "publish", "topic": "${clientid}/#"},
 *      {"permission": "deny",  "action": "all",     "topic": "a/b/c"}]
 *
 *     {"publish": ["a/#"], "subscribe": ["b/+", "c"], "all": [], "deny": []}
 *
 * The first is EMQX 5's form, the second a shorter one, in which "pub" and
 * "sub" do as well. In topics, ${username} and ${clientid}, or %u and %c, stand
 * for the client's own, with the care that acl.h describes.
 *
 * What no rule allows is forbidden, and a denial wins over what is allowed, in
 * whatever order they stand. A denial behind the last rule that allows adds
 * nothing and is left out, so that lists which end with "deny all" mean here
 * what they mean where the first match decides.
 *
 * What is not understood is refused as a whole, for half a list may allow more
 * than was meant.
 */
#ifndef MOGI_AUTH_ACLJSON_H
#define MOGI_AUTH_ACLJSON_H

#include "core/acl.h"

#include <cjson/cJSON.h>

enum { ACLJSON_RULES_MAX = 1024, ACLJSON_TOPIC_BYTES_MAX = 65535 };

/* Make `*out` of `json`: rules for everybody, with one reference, for
 * acl_unref. NULL, or why it cannot be, a sentence part in static memory. */
const char *acljson_read(const cJSON *json, const struct acl **out);

#endif
