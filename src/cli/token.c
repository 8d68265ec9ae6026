/* token.c - `mogi token`: a signed token for a client, for trying things out,
 * and for services too small to have anybody else sign. */
#include "auth/acljson.h"
#include "auth/filetext.h"
#include "auth/json.h"
#include "auth/jwt.h"
#include "broker/value.h"
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KEY_BYTES_MAX = 65536 };

struct token {
    const char *key, *secret; /* files */
    const char *user, *issuer, *audience, *id, *acl, *end;
    bool help;
};

static const struct {
    const char *name;
    size_t offset;
} values[] = {
    {"--key", offsetof(struct token, key)},
    {"--secret", offsetof(struct token, secret)},
    {"--sub", offsetof(struct token, user)},
    {"--exp", offsetof(struct token, end)},
    {"--iss", offsetof(struct token, issuer)},
    {"--aud", offsetof(struct token, audience)},
    {"--kid", offsetof(struct token, id)},
    {"--acl", offsetof(struct token, acl)},
};

static const char usage_text[] =
    "Usage: mogi token (--key FILE | --secret FILE) --sub USER [OPTION]...\n\n"
    "Print a token (JWT) that a client shows as its password, to a broker\n"
    "with jwt_key_file or jwt_secret_file.\n\n"
    "  --key FILE     sign with the private key in FILE (PEM: RSA, P-256 or\n"
    "                 Ed25519); the broker gets its public half\n"
    "  --secret FILE  sign with what FILE holds (HS256); the broker gets\n"
    "                 the same\n"
    "  --sub USER     the user name\n"
    "  --exp TIME     good for that long: 90, 12h, 14d ... (1h)\n"
    "  --iss TEXT     who it is from\n"
    "  --aud TEXT     whom it is for\n"
    "  --kid TEXT     which key it is signed with, in a JWK set\n"
    "  --acl JSON     access rules, as {\"publish\":[\"a/#\"],"
    "\"subscribe\":[\"b\"]}\n\n"
    "To make keys:\n"
    "  openssl genpkey -algorithm ED25519 -out token.key\n"
    "  openssl pkey -in token.key -pubout -out token.pub     (jwt_key_file)\n"
    "  openssl rand -base64 48 > token.secret                "
    "(jwt_secret_file)\n";

static int failed(const char *what)
{
    (void)fprintf(stderr, "mogi token: %s\n", what);
    return 1;
}

/* Where the value of option `name` goes; NULL: there is no such option. */
static const char **value_of(struct token *token, const char *name)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (strcmp(name, values[i].name) != 0) continue;
        return (const char **)(void *)((char *)token + values[i].offset);
    }
    return NULL;
}

/* False: wrong, as printed. */
static bool arguments_read(struct token *token, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            token->help = true;
            continue;
        }
        const char **value = value_of(token, argv[i]);
        if (value == NULL || i + 1 == argc) {
            (void)fprintf(stderr, "mogi token: %s%s%s\n",
                          value == NULL ? "unknown option '" : "", argv[i],
                          value == NULL ? "'" : " needs a value");
            return false;
        }
        *value = argv[++i];
    }
    return true;
}

static enum err key_read(const struct token *token, struct jwk *key,
                         struct fault *fault)
{
    const char *path = token->key != NULL ? token->key : token->secret;
    if (token->secret != NULL) {
        /* As the broker reads it, line end and all. */
        struct keyring *ring = keyring_new();
        if (ring == NULL) return fault_set(fault, ERR_NO_MEMORY, "no memory");
        enum err e = keyring_add_secret_file(ring, path, fault);
        if (e == OK) e = jwk_secret(ring->keys[0].secret, key, fault);
        keyring_free(ring);
        return e;
    }
    struct bytes text;
    enum err e = filetext_read(path, KEY_BYTES_MAX, &text, fault);
    if (e == OK) e = jwk_private(text, key, fault);
    if (e != OK) fault_prefix(fault, "%s", path);
    filetext_free(text);
    return e;
}

/* One more claim; what is not said is left out. False: no memory. */
static bool text_add(cJSON *claims, const char *name, const char *value)
{
    return value == NULL ||
           cJSON_AddStringToObject(claims, name, value) != NULL;
}

/* The rules; false: they are none, as printed. */
static bool acl_add(cJSON *claims, const char *text)
{
    if (text == NULL) return true;
    const struct acl *acl = NULL;
    const char *why;
    cJSON *json = json_read(bytes_of(text), &why);
    if (json != NULL) why = acljson_read(json, &acl);
    if (why == NULL) {
        acl_unref(acl);
        return cJSON_AddItemToObject(claims, "acl", json) != 0;
    }
    cJSON_Delete(json);
    (void)fprintf(stderr, "mogi token: --acl: %s\n", why);
    return false;
}

/* What the token says, or NULL. */
static cJSON *claims_make(const struct token *token, uint32_t good_s)
{
    cJSON *claims = cJSON_CreateObject();
    double now_s = (double)time(NULL);
    bool fine =
        text_add(claims, "sub", token->user) &&
        text_add(claims, "iss", token->issuer) &&
        text_add(claims, "aud", token->audience) &&
        cJSON_AddNumberToObject(claims, "iat", now_s) != NULL &&
        cJSON_AddNumberToObject(claims, "exp", now_s + good_s) != NULL &&
        acl_add(claims, token->acl);
    if (fine) return claims;
    cJSON_Delete(claims);
    return NULL;
}

static int token_print(const struct token *token, uint32_t good_s)
{
    struct jwk key;
    struct fault fault = {.text = ""};
    if (key_read(token, &key, &fault) != OK) return failed(fault.text);
    cJSON *claims = claims_make(token, good_s);
    char *text = NULL;
    if (claims != NULL) {
        key.id = token->id == NULL ? NULL : strdup(token->id);
        text = jwt_make(&key, claims);
        if (text == NULL) (void)failed("OpenSSL cannot sign with this key");
    }
    int status = text != NULL && puts(text) >= 0 ? 0 : 1;
    free(text);
    cJSON_Delete(claims);
    jwk_fini(&key);
    return status;
}

int token_main(int argc, char **argv)
{
    struct token token = {.end = "1h"};
    if (!arguments_read(&token, argc, argv)) return 1;
    if (token.help) return fputs(usage_text, stdout) < 0;
    if ((token.key == NULL) == (token.secret == NULL)) {
        return failed("give either --key FILE or --secret FILE; --help says "
                      "how to make them");
    }
    if (token.user == NULL || token.user[0] == '\0') {
        return failed("--sub USER is missing: whose token is it?");
    }
    uint32_t good_s;
    if (value_duration(token.end, &good_s) != NULL || good_s == 0) {
        return failed("--exp is a time as 90, 12h or 14d");
    }
    return token_print(&token, good_s);
}
