/* process_posix_test.c - limits, signals, the file with the number. */
#include "broker/process.h"
#include "check.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void files_are_raised_to_the_limit(void)
{
    struct rlimit limit;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t max = limit.rlim_max;
    limit.rlim_cur = 64;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQ(process_raise_files(), max);
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_EQ(limit.rlim_cur, max);
}

static void signals_do_not_kill(void)
{
    process_ignore_signals();
    CHECK_EQ(raise(SIGPIPE), 0);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(raise(SIGUSR2), 0);
}

static void others_get_nothing(void)
{
    mode_t before = umask(077);
    process_umask(022);
    CHECK_EQ(umask(002), 022);
    process_umask(01000);
    CHECK_EQ(umask(070), 027);
    process_umask(01000);
    CHECK_EQ(umask(before), 077);
}

static void number_is_written_and_removed(void)
{
    char path[] = "/tmp/mogi-pid-XXXXXX";
    int fd = mkstemp(path);
    CHECK_EQ(process_write_pid(path), OK);
    char text[32] = "";
    CHECK(read(fd, text, sizeof text - 1) > 0);
    CHECK_EQ(atol(text), getpid());
    close(fd);
    process_remove(path);
    CHECK(access(path, F_OK) != 0);
    CHECK_EQ(process_write_pid("/nowhere/pid"), ERR_IO);
}

static void there_is_a_processor(void)
{
    CHECK(process_cpu_count() >= 1);
}

int main(void)
{
    RUN(files_are_raised_to_the_limit);
    RUN(signals_do_not_kill);
    RUN(others_get_nothing);
    RUN(number_is_written_and_removed);
    RUN(there_is_a_processor);
    return check_result();
}
