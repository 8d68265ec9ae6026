/* scram_test.c - the conversations of the RFCs, and ones that go wrong. */
#include "auth/scram.h"
#include "scramclient.h"

/* RFC 7677, 3. The broker's nonce there is no base64 of 18 bytes, so that it is
 * put in by hand, as is what scram_challenge would say. */
static const char rfc_first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
static const char rfc_nonce[] =
    "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char rfc_reply[] =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char rfc_final[] =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char rfc_proof[] =
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

static struct scram_secret rfc_secret(void)
{
    struct scram_secret secret = {.hash = SCRAM_SHA256, .iterations = 4096};
    uint8_t salt[32];
    REQUIRE(base64_decode(BASE64_PADDED, bytes_of("W22ZaJ0SNY7soEsUEjb6gQ=="),
                          salt, &secret.salt_size));
    memcpy(secret.salt, salt, secret.salt_size);
    CHECK_EQ(scram_derive(&secret, bytes_of("pencil")), OK);
    return secret;
}

static void rfc_conversation(struct scram *scram)
{
    CHECK_STR(scram_begin(scram, bytes_of(rfc_first)), NULL);
    CHECK_STR(scram->user, "user");
    (void)snprintf(scram->nonce, sizeof scram->nonce, "%s", rfc_nonce);
    (void)snprintf(scram->reply, sizeof scram->reply, "%s", rfc_reply);
}

static void the_vector_of_rfc_7677(void)
{
    struct scram scram;
    struct scram_secret secret = rfc_secret();
    rfc_conversation(&scram);
    CHECK_STR(scram_finish(&scram, &secret, bytes_of(rfc_final)), NULL);
    CHECK_STR(scram.reply, rfc_proof);
}

static const uint8_t luck[SCRAM_NONCE_BYTES] = "0123456789abcdefg";

static void check_whole(enum scram_hash hash, const char *first,
                        const char *user, const char *binding,
                        const char *password, const char *because)
{
    struct scram scram;
    struct scram_secret secret;
    char unproven[1024], last[2048];
    CHECK_EQ(scram_make(hash, 4096, bytes_of("pencil"), &secret), OK);
    CHECK_STR(scram_begin(&scram, bytes_of(first)), NULL);
    CHECK_STR(scram.user, user);
    scram_challenge(&scram, &secret, luck);
    (void)snprintf(unproven, sizeof unproven, "c=%s,r=%s", binding,
                   scram.nonce);
    client_say(&scram, &secret, password, unproven, last, sizeof last);
    CHECK_STR(scram_finish(&scram, &secret, bytes_of(last)), because);
    CHECK_EQ(strncmp(scram.reply, "v=", 2) == 0, because == NULL);
}

static void others_say_it_otherwise(void)
{
    check_whole(SCRAM_SHA256, "n,,n=user,r=abc", "user", "biws", "pencil",
                NULL);
    check_whole(SCRAM_SHA512, "n,,n=user,r=abc", "user", "biws", "pencil",
                NULL);
    check_whole(SCRAM_SHA512, "y,,n=user,r=abc", "user", "eSws", "pencil",
                NULL);
    check_whole(SCRAM_SHA256, "n,a=user,n=user,r=abc", "user", "bixhPXVzZXIs",
                "pencil", NULL);
    check_whole(SCRAM_SHA256, "n,,n=a=2Cb=3Dc d,r=abc,x=y", "a,b=c d", "biws",
                "pencil", NULL);
    check_whole(SCRAM_SHA256, "n,,n=user,r=abc", "user", "biws", "pencils",
                "its password is wrong");
    check_whole(SCRAM_SHA512, "n,,n=user,r=abc", "user", "biws", "",
                "its password is wrong");
    check_whole(SCRAM_SHA256, "n,,n=user,r=abc", "user", "eSws", "pencil",
                "it has changed its mind about the channel");
}

static void extensions_are_signed(void)
{
    struct scram scram;
    struct scram_secret secret;
    char unproven[1024], last[2048];
    CHECK_EQ(scram_make(SCRAM_SHA256, 4096, bytes_of("pencil"), &secret), OK);
    CHECK_STR(scram_begin(&scram, bytes_of("n,,n=user,r=abc")), NULL);
    scram_challenge(&scram, &secret, luck);
    (void)snprintf(unproven, sizeof unproven, "c=biws,r=%s,x=1,y=2",
                   scram.nonce);
    client_say(&scram, &secret, "pencil", unproven, last, sizeof last);
    CHECK_STR(scram_finish(&scram, &secret, bytes_of(last)), NULL);
}

/* Every letter of the client's last message, changed or cut off. */
static void a_changed_letter_is_found(void)
{
    struct scram_secret secret = rfc_secret();
    size_t size = strlen(rfc_final);
    for (size_t i = 0; i < size; i++) {
        char text[256];
        struct scram scram;
        rfc_conversation(&scram);
        memcpy(text, rfc_final, size + 1);
        text[i] = text[i] == 'x' ? 'y' : 'x';
        uint8_t *copy = check_guard(text, size);
        CHECK(scram_finish(&scram, &secret, bytes_at(copy, size)) != NULL);
        check_guard_free(copy, size);
        copy = check_guard(rfc_final, i);
        CHECK(scram_finish(&scram, &secret, bytes_at(copy, i)) != NULL);
        check_guard_free(copy, i);
    }
}

static const struct {
    const char *text, *because;
} firsts[] = {
    {"", "its first message is cut short"},
    {"n", "its first message is cut short"},
    {"n,", "its first message is cut short"},
    {"n,,", "its first message has not name and nonce"},
    {"x,,n=user,r=abc", "its first message begins with neither n nor y"},
    {",,n=user,r=abc", "its first message begins with neither n nor y"},
    {"p=tls-unique,,n=user,r=abc",
     "it wants to bind to the TLS channel, which is not known here"},
    {"n,b=x,n=user,r=abc", "its first message has an odd header"},
    {"n,a=root,n=user,r=abc", "it wants to act as somebody else"},
    {"n,,m=x,n=user,r=abc", "it asks for an extension that is not known here"},
    {"n,,r=abc,n=user", "its first message has not name and nonce"},
    {"n,,n=user", "its first message has not name and nonce"},
    {"n,,n=user,r=", "its nonce is not 1 to 256 plain letters"},
    {"n,,n=user,r=a b", "its nonce is not 1 to 256 plain letters"},
    {"n,,n=user,r=\xc3\xa9", "its nonce is not 1 to 256 plain letters"},
    {"n,,n=us=er,r=abc", "its name is not escaped well"},
    {"n,,n=user=2,r=abc", "its name is not escaped well"},
    {"n,,n==2c,r=abc", "its name is not escaped well"},
    {"n,,n=,r=abc", "its name is empty or has letters beyond ASCII, which "
                    "SCRAM here does not take"},
    {"n,,n=\xc3\xa9,r=abc", "its name is empty or has letters beyond ASCII, "
                            "which SCRAM here does not take"},
    {"n,,n=a\tb,r=abc", "its name is empty or has letters beyond ASCII, which "
                        "SCRAM here does not take"},
};

static void odd_beginnings_are_refused(void)
{
    struct scram scram;
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        size_t size = strlen(firsts[i].text);
        uint8_t *copy = check_guard(firsts[i].text, size);
        CHECK_STR(scram_begin(&scram, bytes_at(copy, size)), firsts[i].because);
        check_guard_free(copy, size);
    }
    CHECK_STR(scram_begin(&scram, bytes_at("n,,n=a,r=b\0c", 12)),
              "its first message has a NUL");
}

static void sizes_are_bounded(void)
{
    static char text[SCRAM_MESSAGE_MAX + 100];
    struct scram scram;
    memset(text, 'a', sizeof text);
    memcpy(text, "n,,n=u,r=", 9);
    CHECK_STR(scram_begin(&scram, bytes_at(text, 9 + SCRAM_NONCE_MAX)), NULL);
    struct scram_secret secret = rfc_secret();
    scram_challenge(&scram, &secret, luck);
    CHECK_STR(scram_begin(&scram, bytes_at(text, 10 + SCRAM_NONCE_MAX)),
              "its nonce is not 1 to 256 plain letters");
    CHECK_STR(scram_begin(&scram, bytes_at(text, SCRAM_MESSAGE_MAX)),
              "its message is too long");
    CHECK_STR(scram_finish(&scram, &secret, bytes_at(text, SCRAM_MESSAGE_MAX)),
              "its message is too long");
    memset(text, 'a', sizeof text);
    memcpy(text, "n,,n=", 5);
    text[5 + SCRAM_USER_MAX + 1] = ',';
    memcpy(text + 5 + SCRAM_USER_MAX + 2, "r=x", 3);
    CHECK_STR(scram_begin(&scram, bytes_at(text, 5 + SCRAM_USER_MAX + 5)),
              "its name is too long");
    memset(text, 'a', sizeof text);
    memcpy(text, "n,a=", 4);
    text[4 + 1500] = ',';
    CHECK_STR(scram_begin(&scram, bytes_at(text, 1900)),
              "its name is too long");
}

static void secrets_go_into_text_and_back(void)
{
    for (unsigned hash = 0; hash <= SCRAM_SHA512; hash++) {
        struct scram_secret secret, again;
        char text[SCRAM_TEXT_MAX];
        CHECK_EQ(scram_make(hash, SCRAM_ITERATIONS_MIN, bytes_of("x"), &secret),
                 OK);
        scram_format(&secret, text);
        CHECK_STR(scram_parse(bytes_of(text), &again), NULL);
        CHECK_BYTES(&secret, sizeof secret, &again, sizeof again);
    }
    struct scram_secret widest = {.hash = SCRAM_SHA512,
                                  .iterations = SCRAM_ITERATIONS_MAX,
                                  .salt_size = SCRAM_SALT_MAX};
    char text[SCRAM_TEXT_MAX];
    scram_format(&widest, text);
    CHECK_STR(scram_parse(bytes_of(text), &widest), NULL);
}

#define KEY32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct {
    const char *text, *because;
} secrets[] = {
    {"SCRAM-SHA-256$4096:AAAAAAAAAAA=$" KEY32 ":" KEY32, NULL},
    {"", "it begins with neither SCRAM-SHA-256$ nor SCRAM-SHA-512$"},
    {"SCRAM-SHA-1$4096:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "it begins with neither SCRAM-SHA-256$ nor SCRAM-SHA-512$"},
    {"SCRAM-SHA-256$4096", "it is not MECHANISM$ITERATIONS:SALT$STORED:SERVER"},
    {"SCRAM-SHA-256$4096:AAAAAAAAAAA=$" KEY32,
     "it is not MECHANISM$ITERATIONS:SALT$STORED:SERVER"},
    {"SCRAM-SHA-256$4095:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its iterations are not 4096 to 10000000"},
    {"SCRAM-SHA-256$10000001:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its iterations are not 4096 to 10000000"},
    {"SCRAM-SHA-256$04096:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its iterations are not 4096 to 10000000"},
    {"SCRAM-SHA-256$4096x:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its iterations are not 4096 to 10000000"},
    {"SCRAM-SHA-256$99999999999:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its iterations are not 4096 to 10000000"},
    {"SCRAM-SHA-256$4096:AAAA$" KEY32 ":" KEY32,
     "its salt is not 8 to 64 bytes in base64"},
    {"SCRAM-SHA-256$4096:AAAAAAAAAAA$" KEY32 ":" KEY32,
     "its salt is not 8 to 64 bytes in base64"},
    {"SCRAM-SHA-256$4096:AAAAAAAAAAA=$" KEY32 ":AAAA",
     "its keys are not as long as its hash, in base64"},
    {"SCRAM-SHA-256$4096:AAAAAAAAAAA=$AAAA:" KEY32,
     "its keys are not as long as its hash, in base64"},
    {"SCRAM-SHA-512$4096:AAAAAAAAAAA=$" KEY32 ":" KEY32,
     "its keys are not as long as its hash, in base64"},
};

static void odd_secrets_are_refused(void)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        struct scram_secret secret;
        size_t size = strlen(secrets[i].text);
        uint8_t *copy = check_guard(secrets[i].text, size);
        CHECK_STR(scram_parse(bytes_at(copy, size), &secret),
                  secrets[i].because);
        check_guard_free(copy, size);
    }
}

static void mechanisms_have_names(void)
{
    enum scram_hash hash;
    CHECK(scram_find(bytes_of("SCRAM-SHA-512"), &hash));
    CHECK_EQ(hash, SCRAM_SHA512);
    CHECK(!scram_find(bytes_of("SCRAM-SHA-1"), &hash));
    CHECK(!scram_find(bytes_of("SCRAM-SHA-256-PLUS"), &hash));
    CHECK_EQ(scram_hash_size(SCRAM_SHA256), 32);
    CHECK(scram_text_valid(bytes_of("a ~")));
    CHECK(!scram_text_valid(bytes_of("")));
    CHECK(!scram_text_valid(bytes_of("a\x7f")));
}

int main(void)
{
    RUN(the_vector_of_rfc_7677);
    RUN(others_say_it_otherwise);
    RUN(extensions_are_signed);
    RUN(a_changed_letter_is_found);
    RUN(odd_beginnings_are_refused);
    RUN(sizes_are_bounded);
    RUN(secrets_go_into_text_and_back);
    RUN(odd_secrets_are_refused);
    RUN(mechanisms_have_names);
    return check_result();
}
