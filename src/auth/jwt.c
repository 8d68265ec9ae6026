/* jwt.c - see jwt.h. */
#include "auth/jwt.h"

#include "auth/base64.h"
#include "auth/json.h"

#include <assert.h>
#include <stdlib.h>

static cJSON *payload_read(struct bytes text, const char **why)
{
    *why = "out of memory";
    uint8_t *payload = malloc(base64_bytes_max(text.size));
    if (payload == NULL) return NULL;
    size_t size;
    cJSON *tree = NULL;
    *why = "its payload is not base64url";
    if (base64_decode(BASE64_URL, text, payload, &size)) {
        tree = json_read_object(bytes_at(payload, size), why);
        if (tree == NULL) *why = "its payload is no JSON object";
    }
    free(payload);
    return tree;
}

/* A time that may be missing: then `*out` is 0. False: it is no time. */
static bool time_read(const cJSON *claims, const char *name, uint64_t *out)
{
    *out = 0;
    const cJSON *item = json_member(claims, name);
    return item == NULL || json_number(item, out);
}

/* RFC 7519, 4.1.4 to 4.1.6. `exp` is the first second it is no longer good. */
static const char *times_check(const cJSON *claims,
                               const struct jwt_rules *rules, uint64_t now_s,
                               struct jwt *out)
{
    uint64_t expires_s, not_before_s, issued_s;
    if (!time_read(claims, "exp", &expires_s) ||
        !time_read(claims, "nbf", &not_before_s) ||
        !time_read(claims, "iat", &issued_s)) {
        return "one of its exp, nbf, iat is no time";
    }
    bool expires = json_member(claims, "exp") != NULL;
    if (!expires && !rules->expiry_optional) return "it has no \"exp\"";
    if (expires && now_s >= expires_s + rules->leeway_s) return "it is expired";
    if (not_before_s > now_s + rules->leeway_s) return "it is not valid yet";
    if (issued_s > now_s + rules->leeway_s) return "it is from the future";
    out->expires_s = expires ? expires_s + rules->leeway_s : 0;
    return NULL;
}

static const char *issuer_check(const cJSON *claims,
                                const struct jwt_rules *rules)
{
    if (rules->issuer == NULL) return NULL;
    const char *issuer = json_text(claims, "iss");
    if (issuer == NULL) return "it has no \"iss\"";
    return strcmp(issuer, rules->issuer) == 0 ? NULL
                                              : "it is of another issuer";
}

/* One text, or a list of them. RFC 7519, 4.1.3 */
static const char *audience_check(const cJSON *claims,
                                  const struct jwt_rules *rules)
{
    const cJSON *audience = json_member(claims, "aud");
    if (rules->audience == NULL) {
        if (audience == NULL) return NULL;
        return "it has an \"aud\", and no jwt_audience is set";
    }
    if (audience == NULL) return "it has no \"aud\"";
    const cJSON *item = audience;
    if (cJSON_IsArray(audience)) item = audience->child;
    for (; item != NULL; item = item->next) {
        const char *text = cJSON_GetStringValue(item);
        if (text != NULL && strcmp(text, rules->audience) == 0) return NULL;
        if (item == audience) break; /* its neighbours are other claims */
    }
    return "it is for another audience";
}

static const char *user_read(const cJSON *claims, const char *name,
                             struct jwt *out)
{
    const char *user = json_text(claims, name);
    if (user == NULL || user[0] == '\0') return "it names no user";
    size_t size = strlen(user);
    if (size > JWT_USER_BYTES_MAX) return "its user's name is too long";
    memcpy(out->user, user, size + 1);
    return NULL;
}

static const char *claims_judge(const struct jwt_rules *rules, uint64_t now_s,
                                struct jwt *out)
{
    const char *why = times_check(out->claims, rules, now_s, out);
    if (why == NULL) why = issuer_check(out->claims, rules);
    if (why == NULL) why = audience_check(out->claims, rules);
    if (why == NULL) why = user_read(out->claims, rules->user_claim, out);
    if (rules->acl_claim != NULL) {
        out->acl = json_member(out->claims, rules->acl_claim);
    }
    return why;
}

const char *jwt_judge(struct bytes text, const struct keyring *keyring,
                      const struct jwt_rules *rules, uint64_t now_s,
                      struct jwt *out)
{
    assert(rules->user_claim != NULL);
    *out = (struct jwt){.expires_s = 0};
    struct jws jws;
    const char *why = jws_read(text, &jws);
    /* Nothing of the payload is looked at before the signature is right. */
    if (why == NULL) why = jws_verify(&jws, keyring, &out->key);
    if (why != NULL) return why;
    out->claims = payload_read(jws.payload, &why);
    if (out->claims == NULL) return why;
    why = claims_judge(rules, now_s, out);
    if (why != NULL) jwt_fini(out);
    return why;
}

/* The header for `key`, as text for cJSON_free; NULL: no memory. */
static char *header_print(const struct jwk *key)
{
    cJSON *header = cJSON_CreateObject();
    const char *name = jwk_algorithm_name(key->algorithm);
    bool fine = cJSON_AddStringToObject(header, "alg", name) != NULL &&
                cJSON_AddStringToObject(header, "typ", "JWT") != NULL;
    if (fine && key->id != NULL) {
        fine = cJSON_AddStringToObject(header, "kid", key->id) != NULL;
    }
    char *text = fine ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    return text;
}

/* Both parts, and the signature over them. */
static char *parts_sign(const struct jwk *key, struct bytes header,
                        struct bytes payload)
{
    uint8_t signature[JWS_SIGNATURE_BYTES_MAX];
    char *token =
        malloc(base64_text_max(header.size) + base64_text_max(payload.size) +
               base64_text_max(sizeof signature) + 3);
    if (token == NULL) return NULL;
    size_t size = base64_encode(BASE64_URL, header, token), signature_size;
    token[size++] = '.';
    size += base64_encode(BASE64_URL, payload, token + size);
    if (jws_sign(key, bytes_at(token, size), signature, &signature_size) !=
        OK) {
        free(token);
        return NULL;
    }
    token[size++] = '.';
    base64_encode(BASE64_URL, bytes_at(signature, signature_size),
                  token + size);
    return token;
}

char *jwt_make(const struct jwk *key, const cJSON *claims)
{
    char *header = header_print(key);
    char *payload = cJSON_PrintUnformatted(claims);
    char *token = NULL;
    if (header != NULL && payload != NULL) {
        token = parts_sign(key, bytes_of(header), bytes_of(payload));
    }
    cJSON_free(header);
    cJSON_free(payload);
    return token;
}

void jwt_fini(struct jwt *jwt)
{
    cJSON_Delete(jwt->claims);
    *jwt = (struct jwt){.expires_s = 0};
}
