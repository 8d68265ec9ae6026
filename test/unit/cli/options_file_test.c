/* options_file_test.c - lines become words. */
#include "check.h"
#include "cli/options_file.h"

#include <sys/stat.h>

/* The words of a file with `text`, with a bar behind each. */
static const char *words(const char *text)
{
    static char all[512];
    char path[] = "/tmp/mogi-options-XXXXXX", why[64];
    int fd = mkstemp(path);
    size_t size = strlen(text);
    REQUIRE(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    close(fd);
    struct options_file f = {NULL, NULL, 0};
    CHECK(options_file_read(&f, path, why, sizeof why));
    all[0] = '\0';
    for (int i = 0; i < f.count; i++) {
        size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s|", f.words[i]);
    }
    options_file_free(&f);
    unlink(path);
    return all;
}

static void a_line_is_an_option(void)
{
    CHECK_STR(words(""), "");
    CHECK_STR(words("-p 1884"), "-p|1884|");
    CHECK_STR(words("-t a/b\n# -t c\n\n-r\n"), "-t|a/b|-r|");
    CHECK_STR(words("-t a\r\n-n\r\n"), "-t|a|-n|");
    CHECK_STR(words("  -t a\n\t# no\n"), "-t|a|");
}

/* As mosquitto_pub 2.0.11 has it: all behind one blank is the value. */
static void a_value_may_hold_blanks(void)
{
    CHECK_STR(words("-m hello  world  \n-t  x\n"), "-m|hello  world  |-t| x|");
    CHECK_STR(words("-m \n-m\n"), "-m|-m|");
    CHECK_STR(words("-m\tx #y\n"), "-m|x #y|");
}

static void properties_have_more_words(void)
{
    CHECK_STR(words("-D publish content-type text/x y\n"),
              "-D|publish|content-type|text/x y|");
    CHECK_STR(words("--property publish user-property k v w\n"),
              "--property|publish|user-property|k|v w|");
    CHECK_STR(words("-D publish user-property user-property user-property a\n"),
              "-D|publish|user-property|user-property|user-property a|");
    CHECK_STR(words("-D\n-D publish\n-D publish user-property\n"),
              "-D|-D|publish|-D|publish|user-property|");
}

static void a_file_that_is_not_there(void)
{
    char why[64];
    struct options_file f = {NULL, NULL, 0};
    CHECK(!options_file_read(&f, "/nowhere/at-all", why, sizeof why));
    CHECK_STR(why, "No such file or directory");
    options_file_free(&f);
}

static void the_environment_says_where(void)
{
    char home[] = "/tmp/mogi-home-XXXXXX", path[OPTIONS_FILE_PATH_MAX];
    char config[64], file[96];
    REQUIRE(mkdtemp(home) != NULL);
    (void)snprintf(config, sizeof config, "%s/.config", home);
    (void)snprintf(file, sizeof file, "%s/tool", config);
    REQUIRE(mkdir(config, 0700) == 0);
    REQUIRE(setenv("HOME", home, 1) == 0 && unsetenv("XDG_CONFIG_HOME") == 0);
    CHECK(!options_file_find("tool", path));
    FILE *made = fopen(file, "w");
    REQUIRE(made != NULL);
    fclose(made);
    CHECK(options_file_find("tool", path));
    CHECK_STR(path, file);
    REQUIRE(setenv("XDG_CONFIG_HOME", config, 1) == 0);
    CHECK(options_file_find("tool", path));
    CHECK_STR(path, file);
    /* It replaces the other, whatever is there. */
    REQUIRE(setenv("XDG_CONFIG_HOME", home, 1) == 0);
    CHECK(!options_file_find("tool", path));
    unlink(file);
    rmdir(config);
    rmdir(home);
}

int main(void)
{
    RUN(a_line_is_an_option);
    RUN(a_value_may_hold_blanks);
    RUN(properties_have_more_words);
    RUN(a_file_that_is_not_there);
    RUN(the_environment_says_where);
    return check_result();
}
