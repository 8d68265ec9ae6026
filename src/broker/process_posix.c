/* process_posix.c - process.h for POSIX systems. */
#include "broker/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

uint64_t process_raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

void process_ignore_signals(void)
{
    static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGTTOU};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        (void)sigaction(ignored[i], &ignore, NULL);
    }
}

enum err process_daemon(void)
{
    pid_t child = fork();
    if (child < 0) return ERR_IO;
    if (child > 0) _exit(0);
    if (setsid() < 0) return ERR_IO;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return ERR_IO;
    for (int to = 0; to <= 2; to++)
        (void)dup2(fd, to);
    (void)close(fd);
    return OK;
}

enum err process_write_pid(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) return ERR_IO;
    int put = fprintf(file, "%ld\n", (long)getpid());
    return fclose(file) == 0 && put > 0 ? OK : ERR_IO;
}

void process_remove(const char *path)
{
    (void)unlink(path);
}

unsigned process_cpu_count(void)
{
    unsigned count = uv_available_parallelism();
    return count > 0 ? count : 1;
}
