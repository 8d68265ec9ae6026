/* httpreply.c - see httpreply.h. */
#include "auth/httpreply.h"

#include "auth/acljson.h"
#include "auth/json.h"
#include "auth/lines.h"

#include <strings.h>

static void reply_set(struct httpreply *reply, enum httpreply_verdict verdict,
                      const char *reason)
{
    reply->verdict = verdict;
    reply->reason = reason;
}

static void reply_break(struct httpreply *reply, const char *reason)
{
    httpreply_fini(reply);
    reply_set(reply, HTTPREPLY_BROKEN, reason);
}

/* All topics, and what the broker says about itself. */
static const char *superuser_read(const struct acl **out)
{
    const char *why;
    cJSON *json = json_read(bytes_of("{\"all\":[\"#\",\"$SYS/#\"]}"), &why);
    if (json == NULL) return "there is no memory";
    why = acljson_read(json, out);
    cJSON_Delete(json);
    return why;
}

/* What comes with "allow". */
static void grant_read(const cJSON *json, uint64_t now_s,
                       struct httpreply *reply)
{
    const cJSON *acl = json_member(json, "acl");
    const cJSON *expires = json_member(json, "expire_at");
    const char *why = NULL;
    if (cJSON_IsTrue(json_member(json, "is_superuser"))) {
        why = superuser_read(&reply->acl);
    } else if (acl != NULL) {
        why = acljson_read(acl, &reply->acl);
    }
    if (why != NULL) {
        reply_break(reply, why);
        return;
    }
    if (expires == NULL) return;
    if (!json_number(expires, &reply->expires_s)) {
        reply_break(reply, "its \"expire_at\" is no time");
    } else if (reply->expires_s <= now_s) {
        httpreply_fini(reply);
        reply_set(reply, HTTPREPLY_DENY,
                  "the web server says that it has expired");
    }
}

/* Its "result", or mosquitto-go-auth's "ok". */
static void result_read(const cJSON *json, struct httpreply *reply)
{
    static const struct {
        const char *word;
        enum httpreply_verdict verdict;
    } results[] = {
        {"allow", HTTPREPLY_ALLOW},
        {"deny", HTTPREPLY_DENY},
        {"ignore", HTTPREPLY_IGNORE},
    };
    reply_set(reply, HTTPREPLY_BROKEN,
              "its JSON has neither \"result\", as allow, deny or ignore, nor "
              "\"ok\"");
    const char *result = json_text(json, "result");
    for (size_t i = 0; result != NULL && i < 3; i++) {
        if (strcmp(result, results[i].word) == 0) {
            reply_set(reply, results[i].verdict, "the web server refused it");
        }
    }
    if (json_member(json, "result") != NULL) return;
    const cJSON *ok = json_member(json, "ok");
    if (cJSON_IsBool(ok)) {
        reply_set(reply, cJSON_IsTrue(ok) ? HTTPREPLY_ALLOW : HTTPREPLY_DENY,
                  "the web server refused it");
    }
}

static void body_read(struct bytes body, uint64_t now_s,
                      struct httpreply *reply)
{
    struct bytes text = body;
    if (text.size > 0 && text.data[text.size - 1] == '\n') text.size -= 1;
    text = lines_trim(text);
    bool plain = (text.size == 2 && memcmp(text.data, "ok", 2) == 0) ||
                 (text.size == 5 && memcmp(text.data, "allow", 5) == 0);
    if (text.size == 0 || plain) return;
    const char *why;
    cJSON *json = json_read_object(body, &why);
    if (json == NULL) {
        reply_break(reply, "its body is neither empty, \"ok\" nor a JSON "
                           "object");
        return;
    }
    result_read(json, reply);
    if (reply->verdict == HTTPREPLY_ALLOW) grant_read(json, now_s, reply);
    cJSON_Delete(json);
}

void httpreply_read(long status, struct bytes body, bool status_only,
                    uint64_t now_s, struct httpreply *out)
{
    *out = (struct httpreply){.verdict = HTTPREPLY_ALLOW};
    if (status == 200 || status == 204) {
        if (!status_only && status == 200) body_read(body, now_s, out);
        if (out->verdict == HTTPREPLY_ALLOW) out->reason = NULL;
        return;
    }
    /* These speak of the way there, and not of the client. */
    bool about_the_way = status == 407 || status == 408 || status == 429;
    if (status >= 400 && status < 500 && !about_the_way) {
        reply_set(out, HTTPREPLY_DENY, "the web server refused it");
    } else if (status >= 300 && status < 400) {
        reply_set(out, HTTPREPLY_BROKEN,
                  "it sends us somewhere else, and redirects are not "
                  "followed: correct http_auth_url");
    } else {
        reply_set(out, HTTPREPLY_BROKEN,
                  "its status is none of 200, 204 and 4xx");
    }
}

void httpreply_fini(struct httpreply *reply)
{
    acl_unref(reply->acl);
    reply->acl = NULL;
    reply->expires_s = 0;
}
