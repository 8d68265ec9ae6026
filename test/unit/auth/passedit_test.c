/* passedit_test.c - one user changes, all else stays as it was. */
#include "auth/passedit.h"
#include "auth/passfile.h"
#include "check.h"

static char *made;
static size_t made_size;

static bool set(const char *text, const char *name, const char *lines)
{
    free(made);
    made = NULL;
    FILE *to = open_memstream(&made, &made_size);
    REQUIRE(to != NULL);
    bool found = passedit_set(bytes_of(text), bytes_of(name), lines, to);
    fclose(to);
    return found;
}

static void a_user_is_added_or_changed(void)
{
    CHECK(!set("", "ann", "ann:1\n"));
    FILE *to = tmpfile();
    REQUIRE(to != NULL);
    CHECK(!passedit_set(bytes_at(NULL, 0), bytes_of("ann"), "ann:1\n", to));
    CHECK_EQ(ftell(to), 6);
    fclose(to);
    CHECK_STR(made, "ann:1\n");
    CHECK(!set("# names\r\nbob:2", "ann", "ann:1\n"));
    CHECK_STR(made, "# names\r\nbob:2\nann:1\n");
    CHECK(set("\xef\xbb\xbf ann : 0 \n#ann:9\nbob:2\n", "ann", "ann:1\n"));
    CHECK_STR(made, "\xef\xbb\xbf"
                    "ann:1\n#ann:9\nbob:2\n");
    /* One that stands there twice stands there once then. */
    CHECK(set("a:1\nann:2\nb:3\nann:4\n", "ann", "ann:5\nann:6\n"));
    CHECK_STR(made, "a:1\nann:5\nann:6\nb:3\n");
}

static void a_user_is_removed(void)
{
    CHECK(set("a:1\nann:2\nb:3\n", "ann", ""));
    CHECK_STR(made, "a:1\nb:3\n");
    CHECK(!set("a:1\nannie:2\n", "ann", ""));
    CHECK_STR(made, "a:1\nannie:2\n");
}

static void names_are_checked(void)
{
    static const char *const wrong[] = {
        "", "a:b", "#a", " a", "a ", "a\nb", "\xef\xbb\xbf.", "\x7f"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(passedit_name(bytes_of(wrong[i])) != NULL);
    CHECK(passedit_name(bytes_of("ann lee")) == NULL);
    CHECK(passedit_name(bytes_of("\xc3\xa9$")) == NULL);
}

static enum err hash(const char *text, size_t *count, struct fault *fault)
{
    free(made);
    made = NULL;
    FILE *to = open_memstream(&made, &made_size);
    REQUIRE(to != NULL);
    enum err e = passedit_hash(bytes_of(text), "pw", PASSHASH_PBKDF2, 1, to,
                               count, fault);
    fclose(to);
    return e;
}

static void plain_passwords_are_hashed_once(void)
{
    struct fault fault = {.text = ""};
    size_t count;
    CHECK_EQ(hash("# c\nann:secret\n bob : $ecret \n", &count, &fault), OK);
    CHECK_EQ(count, 2);
    struct passfile file;
    char *text = strdup(made), *first = strdup(made);
    REQUIRE(passfile_parse(bytes_of(text), "pw", &file, &fault) == OK);
    CHECK_EQ(file.count, 2);
    CHECK_EQ(passfile_check(&file, passfile_find(&file, bytes_of("ann")),
                            bytes_of("secret")),
             OK);
    CHECK_EQ(passfile_check(&file, passfile_find(&file, bytes_of("bob")),
                            bytes_of("$ecret")),
             OK);
    passfile_fini(&file);
    CHECK_EQ(hash(first, &count, &fault), OK);
    CHECK_EQ(count, 0);
    CHECK_STR(made, first);
    free(first);
    CHECK_EQ(hash("ann:x\nbob\n", &count, &fault), ERR_CONFIG);
    CHECK(strstr(fault.text, "pw:2: there is no ':'") != NULL);
}

int main(void)
{
    RUN(a_user_is_added_or_changed);
    RUN(a_user_is_removed);
    RUN(names_are_checked);
    RUN(plain_passwords_are_hashed_once);
    free(made);
    return check_result();
}
