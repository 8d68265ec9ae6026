/* scramfile.c - see scramfile.h. */
#include "auth/scramfile.h"

#include "auth/filetext.h"
#include "auth/lines.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum { SALT_MADE = SCRAM_SALT };

/* One line; NULL, or what is wrong with it. */
static const char *line_read(struct bytes line, struct scramfile_user *out)
{
    const uint8_t *colon = memchr(line.data, ':', line.size);
    if (colon == NULL) {
        return "there is no ':' behind a user name; `mogi passwd --scram` "
               "writes such lines";
    }
    size_t size = (size_t)(colon - line.data);
    out->name = lines_trim(bytes_at(line.data, size));
    if (!scram_text_valid(out->name) || out->name.size > SCRAM_USER_MAX) {
        return "a name for SCRAM is 1 to 255 letters of ASCII";
    }
    return scram_parse(lines_trim(bytes_skip(line, size + 1)), &out->secret);
}

static size_t line_count(struct bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

static int name_compare(struct bytes a, struct bytes b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, least); /* no name is empty */
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

static int user_compare(const void *a, const void *b)
{
    const struct scramfile_user *x = a, *y = b;
    int order = name_compare(x->name, y->name);
    return order != 0 ? order : (int)x->secret.hash - (int)y->secret.hash;
}

static enum err users_read(struct scramfile *file, const char *path,
                           struct fault *fault)
{
    struct bytes rest = lines_begin(file->text);
    assert(file->users != NULL);
    for (uint32_t number = 1; rest.size > 0; number++) {
        struct bytes line = lines_next(&rest);
        if (line.size == 0 || line.data[0] == '#') continue;
        struct scramfile_user *user = &file->users[file->count];
        const char *what = line_read(line, user);
        if (what != NULL) {
            return fault_set(fault, ERR_CONFIG, "%s:%u: %s", path, number,
                             what);
        }
        user->line = number;
        file->count += 1;
    }
    return OK;
}

/* Before they are sorted: the first line is what stays longest. */
static enum err seed_make(struct scramfile *file, struct fault *fault)
{
    file->iterations[SCRAM_SHA256] = SCRAM_ITERATIONS;
    file->iterations[SCRAM_SHA512] = SCRAM_ITERATIONS;
    for (size_t i = file->count; i > 0; i--) {
        const struct scram_secret *secret = &file->users[i - 1].secret;
        file->iterations[secret->hash] = secret->iterations;
    }
    bool done;
    if (file->count == 0) {
        done = RAND_bytes(file->seed, sizeof file->seed) == 1;
    } else {
        const struct scram_secret *first = &file->users[0].secret;
        done = EVP_Digest(first->server_key, scram_hash_size(first->hash),
                          file->seed, NULL, EVP_sha256(), NULL) == 1;
    }
    if (done) return OK;
    return fault_set(fault, ERR_IO, "the system has no random bits");
}

static enum err users_check(const struct scramfile *file, const char *path,
                            struct fault *fault)
{
    for (size_t i = 1; i < file->count; i++) {
        const struct scramfile_user *a = &file->users[i - 1], *b = a + 1;
        if (user_compare(a, b) != 0) continue;
        uint32_t line = a->line > b->line ? a->line : b->line;
        return fault_set(fault, ERR_CONFIG,
                         "%s:%u: this user has a line for %s already: remove "
                         "one of them",
                         path, line, scram_name(a->secret.hash));
    }
    return OK;
}

enum err scramfile_parse(struct bytes text, const char *path,
                         struct scramfile *out, struct fault *fault)
{
    *out = (struct scramfile){.text = text};
    out->users = calloc(line_count(text), sizeof *out->users);
    enum err e = OK;
    if (out->users == NULL) {
        e = fault_set(fault, ERR_NO_MEMORY, "%s: out of memory", path);
    }
    if (e == OK) e = users_read(out, path, fault);
    if (e == OK) e = seed_make(out, fault);
    if (e == OK) {
        qsort(out->users, out->count, sizeof *out->users, user_compare);
        e = users_check(out, path, fault);
    }
    if (e != OK) scramfile_fini(out);
    return e;
}

enum err scramfile_read(const char *path, struct scramfile *out,
                        struct fault *fault)
{
    struct bytes text;
    *out = (struct scramfile){.count = 0};
    enum err e = filetext_read(path, SCRAMFILE_BYTES_MAX, &text, fault);
    if (e == OK) return scramfile_parse(text, path, out, fault);
    fault_prefix(fault, "%s", path);
    return e;
}

void scramfile_fini(struct scramfile *file)
{
    if (file->users != NULL) {
        OPENSSL_cleanse(file->users, file->count * sizeof *file->users);
    }
    free(file->users);
    filetext_free(file->text);
    *file = (struct scramfile){.count = 0};
}

/* A secret that no password fits: its keys are the hash of nothing known. */
static void secret_invent(const struct scramfile *file, struct bytes name,
                          struct scram_secret *out)
{
    uint8_t made[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const uint8_t *done = HMAC(EVP_sha512(), file->seed, SCRAMFILE_SEED,
                               name.data, name.size, made, &size);
    assert(done != NULL && size >= SALT_MADE);
    (void)done;
    out->iterations = file->iterations[out->hash];
    out->salt_size = SALT_MADE;
    memcpy(out->salt, made, SALT_MADE);
}

bool scramfile_find(const struct scramfile *file, struct bytes name,
                    enum scram_hash hash, struct scram_secret *out)
{
    struct scramfile_user wanted = {.name = name, .secret = {.hash = hash}};
    const struct scramfile_user *found = NULL;
    if (file->count > 0 && name.size > 0) {
        found = bsearch(&wanted, file->users, file->count, sizeof *file->users,
                        user_compare);
    }
    *out = (struct scram_secret){.hash = hash};
    secret_invent(file, name, out);
    if (found != NULL) *out = found->secret;
    return found != NULL;
}
