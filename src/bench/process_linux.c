/* process_linux.c - see process.h; proc(5). */
#include "bench/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE = 8192 };

/* Read a small file whole, NUL at its end; false when it cannot be. */
static bool file_read(const char *path, char *text)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    size_t size = fread(text, 1, FILE_SIZE - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    return size > 0;
}

/* The number behind `name`, 0 when it is not there. */
static uint64_t number_behind(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

/* User and system time are the 12th and 13th numbers behind the name, which
 * may itself hold blanks and parentheses. */
static bool ticks_read(uint32_t pid, struct bench_process *p)
{
    char path[64];
    char text[FILE_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (!file_read(path, text)) return false;
    char *at = strrchr(text, ')');
    for (int field = 0; at != NULL && field < 12; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at == NULL) return false;
    p->user_ticks = strtoull(at, &at, 10);
    p->kernel_ticks = strtoull(at, &at, 10);
    return true;
}

static void thread_read(uint32_t pid, const char *thread,
                        struct bench_process *p)
{
    char path[320];
    char text[FILE_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%u/task/%s/schedstat", pid,
                   thread);
    if (file_read(path, text)) p->cpu_ns += strtoull(text, NULL, 10);
    (void)snprintf(path, sizeof path, "/proc/%u/task/%s/status", pid, thread);
    if (!file_read(path, text)) return;
    p->switches += number_behind(text, "\nvoluntary_ctxt_switches:");
    p->switches += number_behind(text, "\nnonvoluntary_ctxt_switches:");
}

static void threads_read(uint32_t pid, struct bench_process *p)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) return;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') thread_read(pid, entry->d_name, p);
    }
    (void)closedir(folder);
}

/* The roll-up is exact; the counter of statm lags behind by up to 64 pages a
 * processor. */
static void memory_read(uint32_t pid, struct bench_process *p)
{
    char path[64];
    char text[FILE_SIZE];
    (void)snprintf(path, sizeof path, "/proc/%u/smaps_rollup", pid);
    if (file_read(path, text)) {
        p->resident_bytes = number_behind(text, "\nRss:") * 1024;
        return;
    }
    (void)snprintf(path, sizeof path, "/proc/%u/status", pid);
    if (file_read(path, text)) {
        p->resident_bytes = number_behind(text, "\nVmRSS:") * 1024;
    }
}

struct bench_process bench_process_read(uint32_t pid)
{
    struct bench_process p = {0};
    char path[64];
    char text[FILE_SIZE];
    if (pid == 0 || !ticks_read(pid, &p)) return p;
    p.known = true;
    threads_read(pid, &p);
    memory_read(pid, &p);
    (void)snprintf(path, sizeof path, "/proc/%u/io", pid);
    if (file_read(path, text)) {
        p.calls = number_behind(text, "syscr:") + number_behind(text, "syscw:");
    }
    return p;
}
