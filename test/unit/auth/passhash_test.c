/* passhash_test.c - hashes that other programs made are known again, ours are
 * as others expect them, and what is no hash is refused. */
#include "auth/passhash.h"
#include "check.h"

/* "secret", by Python's hashlib and by libargon2's own encoder. */
static const char sha512[] =
    "$6$MDEyMzQ1Njc4OWFi$qEXipeLbgxRlwd06QHfY5WITkUZg0jLg9SZbXzq3ifXjfj+v3GbJG"
    "rSfC5PAg3UNCS+UFfbhUIZX4bmIAs330w==";
static const char pbkdf2[] =
    "$7$101$MDEyMzQ1Njc4OWFi$EO/lLlkeUgIiBaS8G8UK0ZMP1u508TA7Tl+AdJ1cEsmlbGyEP"
    "AERErpfq84j1kepISs0UzmcdL4ucgZ2uodxfQ==";
static const char argon2id[] =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$Sm3MnLdCFk0Af+croKgebRoqqmhb"
    "Kd88iiW3yUOXn78";

static enum err check(const char *text, const char *password)
{
    struct passhash hash;
    if (!CHECK(passhash_parse(bytes_of(text), &hash) == NULL)) return OK;
    return passhash_check(&hash, bytes_of(password));
}

static void hashes_of_others_are_known(void)
{
    const char *const texts[] = {sha512, pbkdf2, argon2id};
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(check(texts[i], "secret"), OK);
        CHECK_EQ(check(texts[i], "Secret"), ERR_CREDENTIALS);
        CHECK_EQ(check(texts[i], "secre"), ERR_CREDENTIALS);
        CHECK_EQ(check(texts[i], ""), ERR_CREDENTIALS);
    }
}

static void what_is_made_is_known_again(void)
{
    char text[PASSHASH_TEXT_MAX], other[PASSHASH_TEXT_MAX];
    for (int kind = PASSHASH_SHA512; kind <= PASSHASH_ARGON2ID; kind++) {
        enum passhash_kind k = (enum passhash_kind)kind;
        uint32_t cost = k == PASSHASH_ARGON2ID ? 1 : 1000;
        CHECK_EQ(passhash_make(k, cost, bytes_of("p:w$ \xc3\xa9"), text), OK);
        CHECK_EQ(check(text, "p:w$ \xc3\xa9"), OK);
        CHECK_EQ(check(text, "p:w$ e"), ERR_CREDENTIALS);
        CHECK_EQ(passhash_make(k, cost, bytes_of("p:w$ \xc3\xa9"), other), OK);
        CHECK(strcmp(text, other) != 0);
    }
}

static void costs_are_written_as_asked(void)
{
    char text[PASSHASH_TEXT_MAX];
    struct passhash hash;
    CHECK_EQ(passhash_make(PASSHASH_PBKDF2, 777, bytes_of("x"), text), OK);
    CHECK(passhash_parse(bytes_of(text), &hash) == NULL);
    CHECK_EQ(hash.iterations, 777);
    CHECK_EQ(hash.salt_size, 12);
    CHECK_EQ(passhash_make(PASSHASH_ARGON2ID, 0, bytes_of("x"), text), OK);
    CHECK(passhash_parse(bytes_of(text), &hash) == NULL);
    CHECK_EQ(hash.iterations, PASSHASH_PASSES);
    CHECK_EQ(hash.kib, PASSHASH_KIB);
    CHECK_EQ(hash.lanes, PASSHASH_LANES);
}

/* Each is refused, and says something. */
static void what_is_no_hash_is_refused(void)
{
    static const char *const texts[] = {
        "",
        "secret",
        "$5$c2FsdA==$c2FsdA==",
        "$6$",
        "$6$MDEyMzQ1Njc4OWFi$c2hvcnQ=",
        "$6$MDEyMzQ1Njc4OWFi",
        "$7$0$MDEyMzQ1Njc4OWFi$c2FsdA==",
        "$7$-1$MDEyMzQ1Njc4OWFi$c2FsdA==",
        "$7$10000001$MDEyMzQ1Njc4OWFi$c2FsdA==",
        "$7$101$MDEyMzQ1Njc4OWFi$!!!!",
        "$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=2097152,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0",
        "$argon2id$v=19$m=64,t=1,p=65$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2Fs",
        "$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=64,t=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=64,t=1,p=1,x=2$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$c2FsdHNhbHRzYWx0c2FsdA",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$c2Fs",
        "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdA",
    };
    struct passhash hash;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t size = strlen(texts[i]);
        uint8_t *page = check_guard(texts[i], size);
        const char *wrong = passhash_parse(bytes_at(page, size), &hash);
        if (!CHECK(wrong != NULL)) fprintf(stderr, "%s\n", texts[i]);
        check_guard_free(page, size);
    }
}

static void every_beginning_is_refused(void)
{
    struct passhash hash;
    for (size_t size = 0; size + 1 < sizeof pbkdf2; size++)
        CHECK(passhash_parse(bytes_at(pbkdf2, size), &hash) != NULL);
}

int main(void)
{
    RUN(hashes_of_others_are_known);
    RUN(what_is_made_is_known_again);
    RUN(costs_are_written_as_asked);
    RUN(what_is_no_hash_is_refused);
    RUN(every_beginning_is_refused);
    return check_result();
}
