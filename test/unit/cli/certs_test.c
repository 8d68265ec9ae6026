#include "check.h"
#include "cli/commands.h"

#include <fcntl.h>
#include <sys/stat.h>

static char folder[] = "/tmp/mogi-certs-XXXXXX";

/* The status of `mogi certs` with these words, in the folder "lab". */
static int run_with(const char *const *words)
{
    static char texts[32][128];
    char *argv[36] = {NULL};
    char name[] = "certs", dir[] = "--dir", path[64];
    int argc = 1;
    argv[0] = name;
    for (; words[argc - 1] != NULL; argc++) {
        (void)snprintf(texts[argc], sizeof texts[0], "%s", words[argc - 1]);
        argv[argc] = texts[argc];
    }
    (void)snprintf(path, sizeof path, "%s/lab", folder);
    argv[argc++] = dir;
    argv[argc++] = path;
    int status = certs_main(argc, argv);
    (void)fflush(stdout);
    return status;
}

#define RUN_WITH(...) run_with((const char *const[]){__VA_ARGS__, NULL})

static int mode_of(const char *name)
{
    char path[128];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s/lab/%s", folder, name);
    return stat(path, &about) == 0 ? (int)(about.st_mode & 0777) : -1;
}

static void from_nothing(void)
{
    CHECK_EQ(RUN_WITH("client", "lamp"), 1);
    CHECK_EQ(RUN_WITH("init", "--host", "a b"), 2);
    CHECK_EQ(mode_of(""), -1);
    CHECK_EQ(RUN_WITH("init", "--host", "box.example"), 0);
    CHECK_EQ(mode_of(""), 0700);
    CHECK_EQ(mode_of("ca.key"), 0600);
    CHECK_EQ(mode_of("server.key"), 0600);
    CHECK_EQ(mode_of("server.crt"), 0644);
    CHECK_EQ(mode_of("mogi.conf"), 0644);
    CHECK_EQ(RUN_WITH("client", "lamp", "switch"), 0);
    CHECK_EQ(mode_of("clients/lamp.key"), 0600);
    CHECK_EQ(mode_of("clients/switch.crt"), 0644);
    CHECK_EQ(RUN_WITH("server", "other.example", "10.0.0.1"), 0);
    CHECK_EQ(mode_of("servers/other.example.key"), 0600);
}

static void nothing_is_replaced_unasked(void)
{
    CHECK_EQ(RUN_WITH("init"), 1);
    CHECK_EQ(RUN_WITH("client", "lamp"), 1);
    CHECK_EQ(RUN_WITH("server", "other.example"), 1);
    CHECK_EQ(RUN_WITH("client", "lamp", "--force", "--key", "ed25519"), 0);
}

static void revoking(void)
{
    CHECK_EQ(RUN_WITH("revoke", "nobody"), 1);
    CHECK_EQ(RUN_WITH("revoke", "lamp"), 0);
    CHECK_EQ(RUN_WITH("revoke", "lamp"), 0);
    CHECK_EQ(RUN_WITH("list"), 0);
}

static void mistakes(void)
{
    CHECK_EQ(RUN_WITH("nope"), 2);
    CHECK_EQ(RUN_WITH("client"), 2);
    CHECK_EQ(RUN_WITH("server"), 2);
    CHECK_EQ(RUN_WITH("revoke"), 2);
    CHECK_EQ(RUN_WITH("list", "x"), 2);
    CHECK_EQ(RUN_WITH("init", "x"), 2);
    CHECK_EQ(RUN_WITH("client", "../x"), 1);
    CHECK_EQ(RUN_WITH("--help"), 0);
}

int main(void)
{
    char command[64];
    int null = open("/dev/null", O_WRONLY);
    REQUIRE(null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
    REQUIRE(mkdtemp(folder) != NULL);
    RUN(from_nothing);
    RUN(nothing_is_replaced_unasked);
    RUN(revoking);
    RUN(mistakes);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK_EQ(system(command), 0);
    close(null);
    return check_result();
}
