/* passfile_test.c - a password file as people and mosquitto_passwd write it. */
#include "auth/passfile.h"
#include "check.h"

static char hash[PASSHASH_TEXT_MAX];
static struct fault fault;

/* What filetext_read would have made of `text`. */
static struct bytes text_own(const char *text)
{
    char *copy = strdup(text);
    REQUIRE(copy != NULL);
    return bytes_of(copy);
}

/* `text`, in which each "@" stands for a hash. */
static enum err parse(const char *text, struct passfile *file)
{
    char whole[4096];
    size_t size = 0;
    for (; *text != '\0'; text++) {
        size_t left = sizeof whole - size;
        int more = *text == '@' ? snprintf(whole + size, left, "%s", hash)
                                : snprintf(whole + size, left, "%c", *text);
        size += (size_t)more;
    }
    fault = (struct fault){.text = ""};
    return passfile_parse(text_own(whole), "pw", file, &fault);
}

static void lines_may_look_untidy(void)
{
    struct passfile file;
    CHECK_EQ(parse("\xef\xbb\xbf# names\r\n\r\n bob :@\r\n"
                   "ann b:@  \n\n:no\n#x:y\nzoe:@",
                   &file),
             ERR_CONFIG);
    CHECK(strstr(fault.text, "pw:6: the user name is missing") != NULL);
    CHECK_EQ(parse("\xef\xbb\xbf# names\r\n\r\n bob :@\r\n"
                   "ann b:@  \n\n#x:y\nzoe:@",
                   &file),
             OK);
    CHECK_EQ(file.count, 3);
    const struct passfile_user *bob = passfile_find(&file, bytes_of("bob"));
    REQUIRE(bob != NULL);
    CHECK_EQ(bob->line, 3);
    CHECK(bytes_equal(bob->hash, bytes_of(hash)));
    CHECK(passfile_find(&file, bytes_of("ann b")) != NULL);
    CHECK(passfile_find(&file, bytes_of("zoe")) != NULL);
    CHECK(passfile_find(&file, bytes_of("ann")) == NULL);
    CHECK(passfile_find(&file, bytes_of("#x")) == NULL);
    CHECK(passfile_find(&file, bytes_of("")) == NULL);
    passfile_fini(&file);
}

static void passwords_are_checked(void)
{
    struct passfile file;
    CHECK_EQ(parse("ann:@\n", &file), OK);
    const struct passfile_user *ann = passfile_find(&file, bytes_of("ann"));
    REQUIRE(ann != NULL);
    CHECK_EQ(passfile_check(&file, ann, bytes_of("secret")), OK);
    CHECK_EQ(passfile_check(&file, ann, bytes_of("wrong")), ERR_CREDENTIALS);
    /* Nobody has no password, not even that of the one it costs like. */
    CHECK_EQ(passfile_check(&file, NULL, bytes_of("secret")), ERR_CREDENTIALS);
    passfile_fini(&file);
}

static void nobody_costs_what_most_cost(void)
{
    char dear[PASSHASH_TEXT_MAX], text[4096];
    REQUIRE(passhash_make(PASSHASH_PBKDF2, 500, bytes_of("x"), dear) == OK);
    (void)snprintf(text, sizeof text, "a:%s\nb:%s\nc:%s\nd:%s\ne:%s\n", hash,
                   dear, hash, dear, dear);
    struct passfile file;
    CHECK_EQ(passfile_parse(text_own(text), "pw", &file, &fault), OK);
    CHECK_EQ(file.nobody.iterations, 500);
    passfile_fini(&file);
}

static void an_empty_file_knows_nobody(void)
{
    struct passfile file;
    CHECK_EQ(parse("# nobody yet\n", &file), OK);
    CHECK_EQ(file.count, 0);
    CHECK(passfile_find(&file, bytes_of("a")) == NULL);
    CHECK_EQ(passfile_check(&file, NULL, bytes_of("x")), ERR_CREDENTIALS);
    passfile_fini(&file);
}

static void refused(const char *text, const char *what)
{
    struct passfile file;
    CHECK_EQ(parse(text, &file), ERR_CONFIG);
    if (!CHECK(strstr(fault.text, what) != NULL))
        fprintf(stderr, "%s\n", fault.text);
}

static void what_is_wrong_is_said_with_its_place(void)
{
    refused("ann:@\nbob:secret\n", "pw:2: the password is not hashed; run "
                                   "this once: mogi passwd -U pw");
    refused("bob:$ecret\n", "pw:1: the password is not hashed");
    refused("ann:@\nbob\n", "pw:2: there is no ':'");
    refused("ann:@\n\xef\xbb\xbf"
            "bob:@\n",
            "pw:2: there is a byte order mark within the file");
    refused("ann:\n", "pw:1: the password is missing");
    refused("ann:@\nbob:@\nann:@\n",
            "pw:3: user 'ann' stands in line 1 already");
    refused("ann:@\nb:$7$101$MDEyMzQ1Njc4OWFi$EO/lLlkeUgIiBaS8G8UK0ZMP1u\n",
            "pw:2: the hash is not in base64, or has been cut off");
}

static void a_file_is_read(void)
{
    struct passfile file;
    CHECK_EQ(passfile_read("/no/such/file", &file, &fault), ERR_IO);
    CHECK(strstr(fault.text, "/no/such/file: ") != NULL);
    CHECK_EQ(file.count, 0);
}

int main(void)
{
    REQUIRE(passhash_make(PASSHASH_PBKDF2, 1, bytes_of("secret"), hash) == OK);
    RUN(lines_may_look_untidy);
    RUN(passwords_are_checked);
    RUN(nobody_costs_what_most_cost);
    RUN(an_empty_file_knows_nobody);
    RUN(what_is_wrong_is_said_with_its_place);
    RUN(a_file_is_read);
    return check_result();
}
