/* trial.c - lives and plays in processes of their own. */
#include "sim/trial.h"

#include "sim/play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CPU_S_MAX = 120, /* of one trial; who takes longer goes in circles */
    SAID_MAX = 4096
};

/* Begin a process that says what it has to say to `said`. 0: this is it. */
static pid_t trial_begin(FILE *said)
{
    const struct rlimit limit = {CPU_S_MAX, CPU_S_MAX};
    const struct rlimit no_core = {0, 0};
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(2);
    }
    if (child > 0) return child;
    if (said != NULL) dup2(fileno(said), STDERR_FILENO);
    (void)setrlimit(RLIMIT_CPU, &limit);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    return 0;
}

static int trial_wait(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    return status;
}

/* What a process that is no more said: the last line that looks like one. */
static void said_read(FILE *said, int status, struct random_end *end)
{
    char text[SAID_MAX + 1] = "";
    long size = (fseek(said, 0, SEEK_END), ftell(said));
    (void)fseek(said, size > SAID_MAX ? size - SAID_MAX : 0, SEEK_SET);
    text[fread(text, 1, SAID_MAX, said)] = 0;
    const char *line = strstr(text, "Assertion");
    if (line == NULL) line = strstr(text, "ERROR: ");
    if (line == NULL) line = strstr(text, "the broker broke its contract");
    if (line == NULL) line = text;
    snprintf(end->error, sizeof(end->error), "the broker stopped (%s %d): %.*s",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
             (int)strcspn(line, "\n"), line);
}

void trial_live(life_kind *live, const struct random_config *config,
                struct random_end *end)
{
    struct random_end *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FILE *said = tmpfile();
    if (shared == MAP_FAILED || said == NULL) abort();
    pid_t child = trial_begin(said);
    if (child == 0) {
        live(config, shared);
        _exit(0);
    }
    int status = trial_wait(child);
    *end = *shared;
    if (status != 0) {
        end->well = false;
        end->step = config->steps;
        said_read(said, status, end);
    }
    fclose(said);
    munmap(shared, sizeof(*shared));
}

bool trial_play(const char *text)
{
    FILE *said = tmpfile();
    if (said == NULL) abort();
    pid_t child = trial_begin(said);
    if (child == 0) {
        struct play_config config = {.shards = 1, .seed = 1};
        _exit(play_text_run("play", text, &config));
    }
    int status = trial_wait(child);
    fclose(said);
    return status == 0;
}
