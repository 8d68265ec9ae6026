/* http_fuzz.c - what a web server says, and what it is asked, of any bytes.
 *
 *     input   [ 0 ][ status, 2 bytes ][ body ]
 *             [ 1, 2 ][ fields size ][ fields ][ user name ]
 *
 * Only 200 and 204 let in, and nothing but what lets in brings rules. A body
 * that is asked with holds the user name, the same that went in.
 */
#include "auth/acljson.h"
#include "auth/httpform.h"
#include "auth/httpreply.h"
#include "auth/json.h"
#include "fuzz.h"
#include "wire/topic.h"

enum { NOW_S = 1000 };

static void check_reply(struct bytes in)
{
    struct reader reader = reader_of(in);
    long status = read_u16(&reader);
    struct bytes body = read_rest(&reader);
    uint8_t *copy = fuzz_copy(body);
    struct httpreply reply;
    httpreply_read(status, bytes_at(copy, body.size), false, NOW_S, &reply);
    bool allow = reply.verdict == HTTPREPLY_ALLOW;
    PROMISE(!allow || status == 200 || status == 204);
    PROMISE(allow == (reply.reason == NULL));
    PROMISE(allow || (reply.acl == NULL && reply.expires_s == 0));
    PROMISE(reply.expires_s == 0 || reply.expires_s > NOW_S);
    for (size_t i = 0; reply.acl != NULL && i < reply.acl->patterns.count; i++)
        PROMISE(topic_filter_valid(reply.acl->patterns.rules[i].filter));
    httpreply_fini(&reply);
    free(copy);
}

/* The one value that a JSON body has, read by another reader. */
static void check_json(struct bytes body, struct bytes user)
{
    char *text = malloc(body.size + 1);
    PROMISE(text != NULL);
    memcpy(text, body.data, body.size);
    text[body.size] = '\0';
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    PROMISE(json != NULL && json->child != NULL);
    const char *value = cJSON_GetStringValue(json->child);
    PROMISE(value != NULL);
    /* cJSON ends a string at NUL. */
    size_t size = strnlen((const char *)user.data, user.size);
    PROMISE(bytes_equal(bytes_of(value), bytes_at(user.data, size)));
    cJSON_Delete(json);
    free(text);
}

static unsigned hex(uint8_t c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void check_form(struct bytes body, struct bytes user)
{
    size_t at = 0, count = 0;
    while (at < body.size && body.data[at++] != '=') {
    }
    for (; at < body.size; count++) {
        unsigned c = body.data[at++];
        PROMISE(c > ' ' && c < 0x7f && c != '&' && c != '=' && c != '+');
        if (c == '%') {
            PROMISE(at + 2 <= body.size);
            c = hex(body.data[at]) << 4 | hex(body.data[at + 1]);
            at += 2;
        }
        PROMISE(count < user.size && user.data[count] == c);
    }
    PROMISE(count == user.size);
}

static void check_question(struct bytes in, enum httpform_kind kind)
{
    char fields[256];
    struct httpform form;
    struct fault fault = {{0}};
    struct reader reader = reader_of(in);
    struct bytes text = fuzz_bytes(&reader, read_u8(&reader));
    uint8_t *user = fuzz_copy(read_rest(&reader));
    size_t user_size = in.size > text.size ? in.size - text.size - 1 : 0;
    (void)snprintf(fields, sizeof fields, "%.*s", (int)text.size,
                   (const char *)text.data);
    struct auth_request request = {.has_user = true,
                                   .user = bytes_at(user, user_size)};
    enum err e = httpform_read(fields, kind, &form, &fault);
    PROMISE((e == OK) == (fault.text[0] == '\0'));
    PROMISE(e != OK || (form.count > 0 && form.count <= HTTPFORM_FIELDS_MAX));
    struct bytes body = {NULL, 0};
    const char *why = NULL;
    if (e == OK) why = httpform_write(&form, &request, &body);
    PROMISE((body.data != NULL) == (e == OK && why == NULL));
    bool alone = body.data != NULL && form.count == 1 &&
                 form.fields[0].source == HTTPFORM_USER;
    if (alone && kind == HTTPFORM_JSON) check_json(body, request.user);
    if (alone && kind == HTTPFORM_FORM) check_form(body, request.user);
    httpform_free(body);
    free(user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 << 14) return 0;
    struct bytes in = bytes_at(data + 1, size - 1);
    if (data[0] % 3 == 0) check_reply(in);
    if (data[0] % 3 == 1) check_question(in, HTTPFORM_JSON);
    if (data[0] % 3 == 2) check_question(in, HTTPFORM_FORM);
    return 0;
}
