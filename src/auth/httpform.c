/* httpform.c - see httpform.h. */
#include "auth/httpform.h"

#include "base/cursor.h"
#include "wire/utf8.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    JSON_GROWTH = 6, /* one byte becomes \u0000 at worst */
    FORM_GROWTH = 3  /* %00 */
};

static const char *const sources[] = {
    [HTTPFORM_TEXT] = "",
    [HTTPFORM_USER] = "${username}",
    [HTTPFORM_PASSWORD] = "${password}",
    [HTTPFORM_CLIENT_ID] = "${clientid}",
    [HTTPFORM_PEER] = "${peerhost}",
    [HTTPFORM_IDENTITY] = "${identity}",
};

static bool source_find(const char *value, enum httpform_source *out)
{
    *out = HTTPFORM_TEXT;
    if (strncmp(value, "${", 2) != 0) return true;
    for (unsigned i = HTTPFORM_USER; i <= HTTPFORM_IDENTITY; i++) {
        if (strcmp(value, sources[i]) == 0) *out = (enum httpform_source)i;
    }
    return *out != HTTPFORM_TEXT;
}

/* One word of the fields, NAME=VALUE, which it cuts in two. */
static enum err field_read(struct httpform *form, char *word,
                           struct fault *fault)
{
    char *value = strchr(word, '=');
    if (value == NULL || value == word) {
        return fault_set(fault, ERR_CONFIG,
                         "'%.100s' is not NAME=VALUE, as username=${username}",
                         word);
    }
    *value++ = '\0';
    if (form->count == HTTPFORM_FIELDS_MAX) {
        return fault_set(fault, ERR_CONFIG, "there are more than %d fields",
                         HTTPFORM_FIELDS_MAX);
    }
    struct httpform_field *field = &form->fields[form->count++];
    *field = (struct httpform_field){.name = word, .value = value};
    if (source_find(value, &field->source)) return OK;
    return fault_set(fault, ERR_CONFIG,
                     "'%.100s' is none of ${username}, ${password}, "
                     "${clientid}, ${peerhost}, ${identity}",
                     value);
}

enum err httpform_read(const char *fields, enum httpform_kind kind,
                       struct httpform *out, struct fault *fault)
{
    *out = (struct httpform){.kind = kind};
    if (strlen(fields) >= sizeof out->text || !utf8_valid(bytes_of(fields))) {
        return fault_set(fault, ERR_CONFIG,
                         "the fields are no text of up to %zu bytes",
                         sizeof out->text - 1);
    }
    memcpy(out->text, fields, strlen(fields) + 1);
    char *rest = out->text;
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        if (word[0] == '\0') continue;
        enum err e = field_read(out, word, fault);
        if (e != OK) return e;
    }
    if (out->count > 0) return OK;
    return fault_set(fault, ERR_CONFIG, "there is no field");
}

const char *httpform_type(enum httpform_kind kind)
{
    return kind == HTTPFORM_JSON ? "application/json"
                                 : "application/x-www-form-urlencoded";
}

static struct bytes field_value(const struct httpform_field *field,
                                const struct auth_request *request)
{
    switch (field->source) {
    case HTTPFORM_USER: return request->user;
    case HTTPFORM_PASSWORD: return request->password;
    case HTTPFORM_CLIENT_ID: return request->client_id;
    case HTTPFORM_PEER: return request->peer;
    case HTTPFORM_IDENTITY: return request->identity;
    case HTTPFORM_TEXT: break;
    }
    return bytes_of(field->value);
}

static const char digits[] = "0123456789abcdef";

/* RFC 8259, 7. */
static void json_write(struct writer *w, struct bytes text)
{
    write_u8(w, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\') write_u8(w, '\\');
        if (c >= 0x20) {
            write_u8(w, c);
            continue;
        }
        write_bytes(w, bytes_of("\\u00"));
        write_u8(w, (uint8_t)digits[c >> 4]);
        write_u8(w, (uint8_t)digits[c & 15]);
    }
    write_u8(w, '"');
}

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Percent-encoded, all that could be taken for something else. */
static void form_write(struct writer *w, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (is_plain(c)) {
            write_u8(w, c);
            continue;
        }
        write_u8(w, '%');
        write_u8(w, (uint8_t)digits[c >> 4]);
        write_u8(w, (uint8_t)digits[c & 15]);
    }
}

static void body_write(const struct httpform *form,
                       const struct auth_request *request, struct writer *w)
{
    bool json = form->kind == HTTPFORM_JSON;
    if (json) write_u8(w, '{');
    for (size_t i = 0; i < form->count; i++) {
        const struct httpform_field *field = &form->fields[i];
        struct bytes value = field_value(field, request);
        if (i > 0) write_u8(w, json ? ',' : '&');
        if (json)
            json_write(w, bytes_of(field->name));
        else
            form_write(w, bytes_of(field->name));
        write_u8(w, json ? ':' : '=');
        if (json)
            json_write(w, value);
        else
            form_write(w, value);
    }
    if (json) write_u8(w, '}');
}

const char *httpform_write(const struct httpform *form,
                           const struct auth_request *request,
                           struct bytes *out)
{
    *out = (struct bytes){NULL, 0};
    bool json = form->kind == HTTPFORM_JSON;
    size_t growth = json ? JSON_GROWTH : FORM_GROWTH, room = 2;
    for (size_t i = 0; i < form->count; i++) {
        struct bytes value = field_value(&form->fields[i], request);
        if (json && !utf8_payload_valid(value)) {
            return "its user name or password is not UTF-8, which JSON has to "
                   "be: see http_auth_format";
        }
        room += (strlen(form->fields[i].name) + value.size) * growth + 6;
    }
    uint8_t *body = malloc(room);
    if (body == NULL) return "there is no memory";
    struct writer w = writer_at(body, room);
    body_write(form, request, &w);
    *out = writer_bytes(&w);
    if (!w.failed) return NULL;
    httpform_free(*out);
    *out = (struct bytes){NULL, 0};
    return "its request does not fit";
}

void httpform_free(struct bytes body)
{
    if (body.data == NULL) return;
    uint8_t *data = (uint8_t *)(uintptr_t)body.data;
    OPENSSL_cleanse(data, body.size);
    free(data);
}
