/* passwd.c - `mogi passwd`: names and passwords for password_file and
 * scram_file. Options and exit statuses are mosquitto_passwd's. */
#include "auth/filesave.h"
#include "auth/filetext.h"
#include "auth/passedit.h"
#include "auth/passfile.h"
#include "auth/scram.h"
#include "cli/commands.h"
#include "cli/prompt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWORD_MAX = 65536 };

struct passwd {
    bool batch, create, remove, upgrade, scram, help;
    enum passhash_kind kind;
    uint32_t iterations; /* 0: as many as the hash is made with by default */
    const char *path, *user, *password;
};

/* An option that takes no value, and what it sets. */
static const struct flag {
    const char *name;
    size_t offset;
} flags[] = {
    {"-b", offsetof(struct passwd, batch)},
    {"-c", offsetof(struct passwd, create)},
    {"-D", offsetof(struct passwd, remove)},
    {"-U", offsetof(struct passwd, upgrade)},
    {"--scram", offsetof(struct passwd, scram)},
    {"-h", offsetof(struct passwd, help)},
    {"--help", offsetof(struct passwd, help)},
};

static const struct {
    const char *name;
    enum passhash_kind kind;
} hashes[] = {
    {"argon2id", PASSHASH_ARGON2ID},
    {"sha512-pbkdf2", PASSHASH_PBKDF2},
    {"sha512", PASSHASH_SHA512},
};

static const char usage_text[] =
    "Usage: mogi passwd [-c | -D] [-H HASH] [-I N] [--scram] FILE USER\n"
    "       mogi passwd -b [-c] [-H HASH] [-I N] [--scram] FILE USER PASSWORD\n"
    "       mogi passwd -U [-H HASH] [-I N] FILE\n\n"
    "  -b        the password is on the command line, where others may see it\n"
    "  -c        a new FILE, in place of one that is there; \"-\": print it\n"
    "  -D        remove USER\n"
    "  -H HASH   argon2id (default), sha512-pbkdf2 (Mosquitto 2.0), sha512\n"
    "  -I N      iterations of sha512-pbkdf2 (100000), passes of argon2id (2)\n"
    "  -U        hash the passwords in FILE that are not hashed yet\n"
    "  --scram   FILE is a scram_file, for SCRAM-SHA-256 and SCRAM-SHA-512\n\n"
    "Without -b the password is asked for twice. A broker that uses FILE reads "
    "it again\non SIGHUP. The exit status is 0, or 1 when nothing was done.\n";

static int usage(FILE *to, int status)
{
    (void)fputs(usage_text, to);
    return status;
}

static int failed(const char *what)
{
    (void)fprintf(stderr, "mogi passwd: %s\n", what);
    return 1;
}

static bool flag_set(struct passwd *p, const char *name)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(flags[i].name, name) != 0) continue;
        *(bool *)((char *)p + flags[i].offset) = true;
        return true;
    }
    return false;
}

static bool hash_set(struct passwd *p, const char *name)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        if (strcmp(hashes[i].name, name) != 0) continue;
        p->kind = hashes[i].kind;
        return true;
    }
    (void)fprintf(stderr,
                  "mogi passwd: hash '%s' is none of argon2id, sha512-pbkdf2, "
                  "sha512\n",
                  name);
    return false;
}

static bool iterations_set(struct passwd *p, const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != '\0' ||
        number > PASSHASH_ITERATIONS_MAX) {
        (void)fprintf(stderr,
                      "mogi passwd: -I takes a number from 1 to %d, not "
                      "'%s'\n",
                      PASSHASH_ITERATIONS_MAX, text);
        return false;
    }
    p->iterations = (uint32_t)number;
    return true;
}

/* An option with a value. */
static bool value_set(struct passwd *p, const char *name, const char *value)
{
    bool hash = strcmp(name, "-H") == 0;
    if (!hash && strcmp(name, "-I") != 0) {
        (void)fprintf(stderr, "mogi passwd: unknown option '%s'\n", name);
        return false;
    }
    if (value == NULL) {
        (void)fprintf(stderr, "mogi passwd: %s needs a value\n", name);
        return false;
    }
    return hash ? hash_set(p, value) : iterations_set(p, value);
}

/* False: wrong, as printed. */
static bool arguments_read(struct passwd *p, int argc, char **argv)
{
    const char **places[] = {&p->path, &p->user, &p->password};
    size_t place = 0;
    bool options = true;
    for (int i = 1; i < argc; i++) {
        bool dash = options && argv[i][0] == '-' && argv[i][1] != '\0';
        if (dash && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (dash && flag_set(p, argv[i])) {
            continue;
        } else if (dash) {
            if (!value_set(p, argv[i], argv[i + 1])) return false;
            i += 1;
        } else if (place == 3) {
            (void)fprintf(stderr, "mogi passwd: '%s' is too much\n", argv[i]);
            return false;
        } else {
            *places[place++] = argv[i];
        }
    }
    return true;
}

/* NULL, or what does not go together. */
static const char *arguments_check(const struct passwd *p)
{
    if (p->path == NULL) return "the password file is missing";
    if (p->upgrade) {
        if (p->user != NULL || p->create || p->remove || p->batch) {
            return "-U takes the password file alone";
        }
        if (p->scram) return "a scram_file cannot be made of hashes: not -U";
        return NULL;
    }
    if (p->user == NULL) return "the user name is missing";
    if (p->create && p->remove) return "-c and -D do not go together";
    if (p->batch && !p->remove && p->password == NULL) {
        return "-b needs a password behind the user name";
    }
    if (!p->batch && p->password != NULL) {
        return "a password on the command line needs -b";
    }
    if (p->kind == PASSHASH_ARGON2ID && !p->scram &&
        p->iterations > PASSHASH_PASSES_MAX) {
        return "argon2id takes at most 1000 passes (-I)";
    }
    if (strcmp(p->path, "-") == 0 && !p->create) {
        return "\"-\" as a file needs -c: it is printed, not changed";
    }
    return passedit_name(bytes_of(p->user));
}

/* Twice, so that a slip is noticed. */
static bool password_ask(char password[PASSWORD_MAX])
{
    static char again[PASSWORD_MAX];
    if (prompt_secret("Password: ", password, PASSWORD_MAX) != OK ||
        prompt_secret("Reenter password: ", again, PASSWORD_MAX) != OK) {
        failed("no password was given");
        return false;
    }
    bool same = strcmp(password, again) == 0;
    memset(again, 0, sizeof again);
    if (!same) failed("the passwords do not match");
    return same;
}

/* The lines of a user in a scram_file: one for each mechanism. */
static enum err scram_lines(const struct passwd *p, struct bytes password,
                            FILE *to)
{
    uint32_t iterations = p->iterations == 0 ? SCRAM_ITERATIONS : p->iterations;
    for (int hash = SCRAM_SHA256; hash <= SCRAM_SHA512; hash++) {
        struct scram_secret secret;
        char text[SCRAM_TEXT_MAX];
        enum err e =
            scram_make((enum scram_hash)hash, iterations, password, &secret);
        if (e != OK) return e;
        scram_format(&secret, text);
        (void)fprintf(to, "%s:%s\n", p->user, text);
    }
    return OK;
}

static enum err user_lines(const struct passwd *p, const char *password,
                           FILE *to)
{
    if (p->scram) return scram_lines(p, bytes_of(password), to);
    char hash[PASSHASH_TEXT_MAX];
    enum err e =
        passhash_make(p->kind, p->iterations, bytes_of(password), hash);
    if (e == OK) (void)fprintf(to, "%s:%s\n", p->user, hash);
    return e;
}

/* What is wrong with a password, or NULL. */
static const char *password_check(const struct passwd *p, const char *password)
{
    if (password[0] == '\0') return "a password is not empty";
    if (strlen(password) > UINT16_MAX) return "the password is too long";
    if (!p->scram) return NULL;
    if (!scram_text_valid(bytes_of(p->user)) ||
        strlen(p->user) > SCRAM_USER_MAX) {
        return "a name for SCRAM is 1 to 255 letters of ASCII";
    }
    if (!scram_text_valid(bytes_of(password))) {
        return "a password for SCRAM is ASCII";
    }
    if (p->iterations != 0 && p->iterations < SCRAM_ITERATIONS_MIN) {
        return "SCRAM takes at least 4096 iterations (-I)";
    }
    return NULL;
}

/* The new lines of the user, for free(); NULL: wrong, as printed. */
static char *lines_make(const struct passwd *p)
{
    static char typed[PASSWORD_MAX];
    char *lines = NULL;
    size_t size = 0;
    const char *password = p->password;
    if (password == NULL) {
        if (!password_ask(typed)) return NULL;
        password = typed;
    }
    const char *wrong = password_check(p, password);
    FILE *to = wrong == NULL ? open_memstream(&lines, &size) : NULL;
    enum err e = to != NULL ? user_lines(p, password, to) : ERR_NO_MEMORY;
    if (to != NULL) (void)fclose(to);
    memset(typed, 0, sizeof typed);
    if (e == OK) return lines;
    failed(wrong != NULL ? wrong : err_text(e));
    free(lines);
    return NULL;
}

/* The file as it is; none with -c. */
static bool text_read(const struct passwd *p, struct bytes *text)
{
    struct fault fault = {.text = ""};
    *text = (struct bytes){NULL, 0};
    if (p->create) return true;
    if (filetext_read(p->path, PASSFILE_BYTES_MAX, text, &fault) == OK) {
        return true;
    }
    struct stat about;
    bool none = stat(p->path, &about) != 0;
    (void)fprintf(stderr, "mogi passwd: %s: %s%s\n", p->path, fault.text,
                  none ? "; -c makes a new one" : "");
    return false;
}

static int text_save(const struct passwd *p, const char *text, size_t size)
{
    struct fault fault = {.text = ""};
    if (strcmp(p->path, "-") == 0) {
        return fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0
                   ? 0
                   : failed("cannot print");
    }
    if (filesave_write(p->path, bytes_at(text, size), &fault) == OK) return 0;
    (void)fprintf(stderr, "mogi passwd: %s: %s\n", p->path, fault.text);
    return 1;
}

/* Give the user a password, or remove it. */
static int user_change(const struct passwd *p, struct bytes text,
                       const char *lines)
{
    char *next = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&next, &size);
    if (to == NULL) return failed("there is no memory");
    assert(p->user != NULL);
    bool found = passedit_set(text, bytes_of(p->user), lines, to);
    bool whole = fclose(to) == 0;
    int status = 1;
    if (!whole) {
        failed("there is no memory");
    } else if (p->remove && !found) {
        (void)fprintf(stderr, "mogi passwd: there is no user '%s' in %s\n",
                      p->user, p->path);
    } else {
        status = text_save(p, next, size);
    }
    free(next);
    return status;
}

/* Hash what is not hashed yet. */
static int file_upgrade(const struct passwd *p, struct bytes text)
{
    struct fault fault = {.text = ""};
    char *next = NULL;
    size_t size = 0, count;
    FILE *to = open_memstream(&next, &size);
    if (to == NULL) return failed("there is no memory");
    enum err e = passedit_hash(text, p->path, p->kind, p->iterations, to,
                               &count, &fault);
    int status = 1;
    if (fclose(to) != 0) {
        failed("there is no memory");
    } else if (e != OK) {
        failed(fault.text);
    } else {
        status = count > 0 ? text_save(p, next, size) : 0;
        if (status == 0) {
            (void)fprintf(stderr, "mogi passwd: passwords hashed: %zu\n",
                          count);
        }
    }
    free(next);
    return status;
}

int passwd_main(int argc, char **argv)
{
    struct passwd p = {.kind = PASSHASH_ARGON2ID};
    if (argc < 2) return usage(stderr, 1);
    if (!arguments_read(&p, argc, argv)) return 1;
    if (p.help) return usage(stdout, 0);
    const char *wrong = arguments_check(&p);
    if (wrong != NULL) {
        (void)fprintf(stderr, "mogi passwd: %s; see mogi passwd --help\n",
                      wrong);
        return 1;
    }
    struct bytes text;
    if (!text_read(&p, &text)) return 1;
    int status = 1;
    if (p.upgrade) {
        status = file_upgrade(&p, text);
    } else if (p.remove) {
        status = user_change(&p, text, "");
    } else {
        char *lines = lines_make(&p);
        if (lines != NULL) status = user_change(&p, text, lines);
        free(lines);
    }
    filetext_free(text);
    return status;
}
