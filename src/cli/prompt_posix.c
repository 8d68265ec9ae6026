/* prompt_posix.c - prompt.h for POSIX systems. */
#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { CAUGHT_COUNT = 5 };

static const int caught[CAUGHT_COUNT] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT,
                                         SIGTSTP};
static volatile sig_atomic_t came;

static void on_signal(int number)
{
    came = number;
}

static void ask(const char *question)
{
    (void)fputs(question, stderr);
    (void)fflush(stderr);
}

/* Wait for input. Signals outside of `mask` come only here, so none slips in
 * between the look at `came` and the waiting. False: one came. */
static bool input_wait(const sigset_t *mask)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        int ready = ppoll(&input, 1, NULL, mask);
        if (came != 0) return false;
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

/* A line, byte by byte: what is behind it is for the next question. False: none
 * came, or it does not fit. */
static bool line_read(char *to, size_t size, const sigset_t *mask)
{
    size_t count = 0;
    for (;;) {
        char c;
        if (!input_wait(mask)) return false;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 || (got == 0 && count == 0)) return false;
        if (got == 0 || c == '\n') break;
        if (count + 1 >= size) return false;
        to[count++] = c;
    }
    if (count > 0 && to[count - 1] == '\r') count--;
    to[count] = '\0';
    return true;
}

/* The same with the terminal's echo off, before it is asked for. */
static bool line_read_unseen(const char *question, char *to, size_t size,
                             const struct termios *shown)
{
    struct termios unseen = *shown;
    unseen.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
    struct sigaction catch = {.sa_handler = on_signal};
    struct sigaction before[CAUGHT_COUNT];
    sigset_t blocked, mask;
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaddset(&blocked, caught[i]);
    (void)sigprocmask(SIG_BLOCK, &blocked, &mask);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaction(caught[i], &catch, &before[i]);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &unseen);
    ask(question);
    bool read = line_read(to, size, &mask);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, shown);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaction(caught[i], &before[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    (void)fputc('\n', stderr);
    if (came != 0) (void)raise(came);
    return read;
}

enum err prompt_secret(const char *question, char *answer, size_t size)
{
    struct termios shown;
    came = 0;
    if (tcgetattr(STDIN_FILENO, &shown) == 0) {
        return line_read_unseen(question, answer, size, &shown) ? OK : ERR_IO;
    }
    sigset_t mask;
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    ask(question);
    return line_read(answer, size, &mask) ? OK : ERR_IO;
}
