/* process_posix.c - process.h for POSIX systems. */
#include "broker/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* The command's own process: end as the one in the background says. */
static void starter_wait(int from)
{
    char byte;
    ssize_t got;
    do {
        got = read(from, &byte, sizeof byte);
    } while (got < 0 && errno == EINTR);
    _exit(got == sizeof byte ? 0 : 1);
}

enum err process_daemon(int *starter)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return ERR_IO;
    pid_t child = fork();
    if (child < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return ERR_IO;
    }
    (void)close(ends[child > 0 ? 1 : 0]);
    if (child > 0) starter_wait(ends[0]);
    *starter = ends[1];
    return setsid() < 0 ? ERR_IO : OK;
}

void process_started(int starter)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int to = 0; fd >= 0 && to <= 2; to++)
        (void)dup2(fd, to);
    if (fd >= 0) (void)close(fd);
    ssize_t put = write(starter, "", 1);
    (void)put;
    (void)close(starter);
}

void process_umask(unsigned mask)
{
    if (mask > 0777) {
        mode_t before = umask(S_IRWXO);
        mask = before | S_IWGRP | S_IRWXO;
    }
    (void)umask((mode_t)mask);
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
