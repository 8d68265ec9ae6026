/* privileges_posix_test.c - root becomes somebody else, for good. */
#include "broker/privileges.h"
#include "config_kit.h"

#include <sys/wait.h>
#include <unistd.h>

static void name(const char *user)
{
    begin();
    (void)snprintf(config.user, sizeof config.user, "%s", user);
}

static void who_is_not_root_stays(void)
{
    struct privileges who;
    if (geteuid() == 0) return;
    name("nobody");
    CHECK_EQ(privileges_find(&config, &who, &reports), OK);
    CHECK(!who.changes);
    CHECK_EQ(reports.notes.count, 1);
    CHECK_EQ(privileges_drop(&who), OK);
}

static void unknown_users_are_named(void)
{
    struct privileges who;
    if (geteuid() != 0) return;
    name("no-such-user");
    CHECK_EQ(privileges_find(&config, &who, &reports), ERR_CONFIG);
    check_error("user no-such-user: there is no such user");
    name("root");
    CHECK_EQ(privileges_find(&config, &who, &reports), OK);
    CHECK(!who.changes);
    CHECK_EQ(reports.notes.count, 1);
}

/* In a child: there is no way back. */
static void root_becomes_the_user(void)
{
    if (geteuid() != 0) return;
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct privileges who;
        name("nobody");
        bool fine = privileges_find(&config, &who, &reports) == OK;
        fine &= who.changes && who.uid != 0;
        fine &= privileges_drop(&who) == OK && getuid() == who.uid;
        fine &= geteuid() == who.uid && getegid() == who.gid;
        fine &= seteuid(0) != 0 && setegid(0) != 0;
        fine &= getgroups(0, NULL) <= 1;
        _exit(fine ? 0 : 1);
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    RUN(who_is_not_root_stays);
    RUN(unknown_users_are_named);
    RUN(root_becomes_the_user);
    begin();
    return check_result();
}
