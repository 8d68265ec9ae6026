/* filesave_posix_test.c - a file is replaced whole, and stays whose it was. */
#include "auth/filesave.h"
#include "check.h"

#include <dirent.h>
#include <sys/stat.h>

static char folder[] = "/tmp/mogi-filesave-XXXXXX";
static struct fault fault;

static const char *at(const char *name)
{
    static char path[2][128];
    static unsigned next;
    char *to = path[next++ % 2];
    (void)snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static unsigned mode_of(const char *name)
{
    struct stat about;
    REQUIRE(stat(at(name), &about) == 0);
    return about.st_mode & 07777;
}

static void check_content(const char *name, const char *want)
{
    char text[64] = "";
    FILE *file = fopen(at(name), "r");
    REQUIRE(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_STR(text, want);
}

static void a_new_file_is_for_its_owner(void)
{
    CHECK_EQ(filesave_write(at("new"), bytes_of("one"), &fault), OK);
    CHECK_EQ(mode_of("new"), 0600);
    check_content("new", "one");
}

static void an_old_file_keeps_its_mode(void)
{
    REQUIRE(chmod(at("new"), 0640) == 0);
    CHECK_EQ(filesave_write(at("new"), bytes_of("two"), &fault), OK);
    CHECK_EQ(mode_of("new"), 0640);
    check_content("new", "two");
}

/* Only root can keep the owner of somebody else's file. */
static void an_old_file_keeps_its_owner(void)
{
    if (geteuid() != 0) return;
    REQUIRE(chown(at("new"), 12345, 54321) == 0);
    CHECK_EQ(filesave_write(at("new"), bytes_of("mine"), &fault), OK);
    struct stat about;
    REQUIRE(stat(at("new"), &about) == 0);
    CHECK_EQ(about.st_uid, 12345);
    CHECK_EQ(about.st_gid, 54321);
    CHECK_EQ(mode_of("new"), 0640);
    REQUIRE(chown(at("new"), 0, 0) == 0);
}

static void a_link_stays_one(void)
{
    REQUIRE(symlink("new", at("link")) == 0);
    CHECK_EQ(filesave_write(at("link"), bytes_of("three"), &fault), OK);
    struct stat about;
    CHECK(lstat(at("link"), &about) == 0 && S_ISLNK(about.st_mode));
    check_content("new", "three");
}

static void what_fails_leaves_nothing_behind(void)
{
    CHECK_EQ(filesave_write(at("none/new"), bytes_of("x"), &fault), ERR_IO);
    CHECK(fault.text[0] != '\0');
    REQUIRE(mkdir(at("sub"), 0700) == 0);
    CHECK_EQ(filesave_write(at("sub"), bytes_of("x"), &fault), ERR_IO);
    unsigned count = 0;
    DIR *dir = opendir(folder);
    REQUIRE(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    CHECK_EQ(count, 5); /* ".", "..", "new", "link", "sub" */
}

int main(void)
{
    REQUIRE(mkdtemp(folder) != NULL);
    RUN(a_new_file_is_for_its_owner);
    RUN(an_old_file_keeps_its_mode);
    RUN(an_old_file_keeps_its_owner);
    RUN(a_link_stays_one);
    RUN(what_fails_leaves_nothing_behind);
    unlink(at("new"));
    unlink(at("link"));
    rmdir(at("sub"));
    rmdir(folder);
    return check_result();
}
