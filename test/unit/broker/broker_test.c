/* broker_test.c - the program from its first line to its last, as a child. */
#include "broker/broker.h"
#include "check.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static char path[64];

/* Run `mogi broker` with `arguments` in a child, quietly. */
static pid_t broker_start(char **arguments, int count)
{
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child > 0) return child;
    FILE *quiet = freopen("/dev/null", "w", stderr);
    quiet = freopen("/dev/null", "w", stdout);
    exit(quiet == NULL ? 9 : broker_main(count, arguments));
}

static int broker_wait(pid_t child)
{
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int dial(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    for (int i = 0; i < 1000; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
        close(fd);
        usleep(10000);
    }
    return -1;
}

static void it_starts_reloads_and_ends(void)
{
    (void)snprintf(path, sizeof path, "/tmp/mogi-broker-%d", (int)getpid());
    char name[] = "broker", key[] = "--listener", value[80],
         threads[] = "--threads=2";
    (void)snprintf(value, sizeof value, "0 %s", path);
    char *arguments[] = {name, key, value, threads, NULL};
    pid_t child = broker_start(arguments, 4);
    int fd = dial();
    CHECK(fd >= 0);
    CHECK_EQ(broker_wait(broker_start(arguments, 4)), 1);
    CHECK_EQ(kill(child, SIGHUP), 0);
    CHECK_EQ(kill(child, SIGUSR1), 0);
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK_EQ(broker_wait(child), 0);
    CHECK(access(path, F_OK) != 0);
    close(fd);
}

static void it_says_what_is_wrong(void)
{
    char name[] = "broker", bad[] = "--nonsense=1", test[] = "--test-config",
         help[] = "--help";
    char *wrong[] = {name, bad, NULL}, *fine[] = {name, test, NULL},
         *asked[] = {name, help, NULL};
    CHECK_EQ(broker_wait(broker_start(wrong, 2)), 1);
    CHECK_EQ(broker_wait(broker_start(fine, 2)), 0);
    CHECK_EQ(broker_wait(broker_start(asked, 2)), 0);
}

int main(void)
{
    RUN(it_starts_reloads_and_ends);
    RUN(it_says_what_is_wrong);
    return check_result();
}
