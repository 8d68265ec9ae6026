/* scramfile_test.c - files of SCRAM secrets, and who is found in them. */
#include "auth/filetext.h"
#include "auth/scramfile.h"
#include "check.h"

#define KEY32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY64                                                                  \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAA=="
#define SMALL(salt) "SCRAM-SHA-256$5000:" salt "$" KEY32 ":" KEY32 "\n"
#define LARGE(salt) "SCRAM-SHA-512$6000:" salt "$" KEY64 ":" KEY64 "\n"

static char path[] = "/tmp/mogi-scramfile-XXXXXX";

static enum err read_text(const char *text, struct scramfile *out,
                          struct fault *fault)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(text, 1, strlen(text), file) == strlen(text));
    REQUIRE(fclose(file) == 0);
    return scramfile_read(path, out, fault);
}

static void users_are_found(void)
{
    struct scramfile file;
    struct fault fault = {{0}};
    struct scram_secret secret;
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "\xef\xbb\xbf# who\r\n\nbert:%s\r anna : %sanna:%sa,b=c:%s",
                   SMALL("AAAAAAAAAAA="), LARGE("BBBBBBBBBBA="),
                   SMALL("CCCCCCCCCCA="), SMALL("DDDDDDDDDDA="));
    CHECK_EQ(read_text(text, &file, &fault), OK);
    CHECK_STR(fault.text, "");
    CHECK_EQ(file.count, 4);
    CHECK(scramfile_find(&file, bytes_of("anna"), SCRAM_SHA512, &secret));
    CHECK_EQ(secret.iterations, 6000);
    CHECK_EQ(secret.salt[0], 0x04);
    CHECK(scramfile_find(&file, bytes_of("anna"), SCRAM_SHA256, &secret));
    CHECK_EQ(secret.salt[0], 0x08);
    CHECK(scramfile_find(&file, bytes_of("bert"), SCRAM_SHA256, &secret));
    CHECK(scramfile_find(&file, bytes_of("a,b=c"), SCRAM_SHA256, &secret));
    CHECK(!scramfile_find(&file, bytes_of("bert"), SCRAM_SHA512, &secret));
    CHECK(!scramfile_find(&file, bytes_of("ann"), SCRAM_SHA256, &secret));
    CHECK(!scramfile_find(&file, bytes_of(""), SCRAM_SHA256, &secret));
    scramfile_fini(&file);
}

/* A stranger looks like a user: always the same salt, and it fits no other. */
static void strangers_look_like_users(void)
{
    struct scramfile file, later;
    struct fault fault = {{0}};
    struct scram_secret a, b, c;
    const char *one = "anna:" SMALL("AAAAAAAAAAA=");
    char two[1024];
    (void)snprintf(two, sizeof two, "%sbert:%s", one, SMALL("AAAAAAAAAAA="));
    REQUIRE(read_text(two, &file, &fault) == OK);
    REQUIRE(read_text(one, &later, &fault) == OK);
    CHECK(!scramfile_find(&file, bytes_of("carl"), SCRAM_SHA256, &a));
    CHECK(!scramfile_find(&later, bytes_of("carl"), SCRAM_SHA256, &b));
    CHECK_BYTES(&a, sizeof a, &b, sizeof b);
    CHECK_EQ(a.iterations, 5000);
    CHECK_EQ(a.salt_size, SCRAM_SALT);
    CHECK(!scramfile_find(&file, bytes_of("dora"), SCRAM_SHA256, &c));
    CHECK(memcmp(a.salt, c.salt, SCRAM_SALT) != 0);
    CHECK(!scramfile_find(&file, bytes_of("carl"), SCRAM_SHA512, &c));
    CHECK_EQ(c.iterations, SCRAM_ITERATIONS);
    scramfile_fini(&file);
    scramfile_fini(&later);
}

static void an_empty_file_has_nobody(void)
{
    struct scramfile file;
    struct fault fault = {{0}};
    struct scram_secret secret;
    CHECK_EQ(read_text("", &file, &fault), OK);
    CHECK(!scramfile_find(&file, bytes_of("anna"), SCRAM_SHA256, &secret));
    CHECK_EQ(secret.salt_size, SCRAM_SALT);
    scramfile_fini(&file);
}

static const struct {
    const char *text, *because;
} bad[] = {
    {"anna\n", ":1: there is no ':' behind a user name"},
    {"\n#\nanna:x\n", ":3: it begins with neither SCRAM-SHA-256$ nor"},
    {"anna:$7$101$AAAA$AAAA\n", ":1: it begins with neither"},
    {":" SMALL("AAAAAAAAAAA="), ":1: a name for SCRAM is 1 to 255 letters"},
    {"\xc3\xa9:" SMALL("AAAAAAAAAAA="), ":1: a name for SCRAM is"},
    {"anna:" SMALL("AAAA"), ":1: its salt is not 8 to 64 bytes in base64"},
    {"anna:" SMALL("AAAAAAAAAAA=") "anna:" SMALL("AAAAAAAAAAA="),
     ":2: this user has a line for SCRAM-SHA-256 already"},
};

static void odd_files_are_refused(void)
{
    struct scramfile file;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault fault = {{0}};
        CHECK_EQ(read_text(bad[i].text, &file, &fault), ERR_CONFIG);
        CHECK(strncmp(fault.text, path, strlen(path)) == 0);
        const char *rest = fault.text + strlen(path);
        if (strncmp(rest, bad[i].because, strlen(bad[i].because)) != 0)
            CHECK_STR(rest, bad[i].because);
        CHECK(file.users == NULL && file.text.data == NULL);
    }
    struct fault fault = {{0}};
    CHECK_EQ(scramfile_read("/no/file", &file, &fault), ERR_IO);
    CHECK_STR(fault.text, "/no/file: No such file or directory");
    scramfile_fini(&file);
}

int main(void)
{
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    close(fd);
    RUN(users_are_found);
    RUN(strangers_look_like_users);
    RUN(an_empty_file_has_nobody);
    RUN(odd_files_are_refused);
    unlink(path);
    return check_result();
}
