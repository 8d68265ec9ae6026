/* stage.h - a command in a process of its own, this one being its broker. */
#ifndef MOGI_TEST_CLI_STAGE_H
#define MOGI_TEST_CLI_STAGE_H

#include "check.h"
#include "cli/commands.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct stage {
    int server;
    int peer;
    pid_t pid;
    FILE *out;
    char port[8];
};

static struct stage stage;

CHECK_UNUSED static void stage_patience(int fd)
{
    struct timeval patience = {.tv_sec = 10};
    REQUIRE(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                       sizeof patience) == 0);
}

/* Run `command` with these words and "-h 127.0.0.1 -p PORT", `input` on its
 * standard input; take its connection. */
CHECK_UNUSED static void stage_start(int (*command)(int, char **),
                                     const char *input,
                                     const char *const *words, int count)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    int fds[2];
    stage.server = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(bind(stage.server, (struct sockaddr *)&a, size) == 0);
    REQUIRE(listen(stage.server, 5) == 0);
    REQUIRE(getsockname(stage.server, (struct sockaddr *)&a, &size) == 0);
    stage_patience(stage.server);
    snprintf(stage.port, sizeof stage.port, "%u", ntohs(a.sin_port));
    stage.out = tmpfile();
    REQUIRE(stage.out != NULL && pipe(fds) == 0);
    REQUIRE(write(fds[1], input, strlen(input)) == (ssize_t)strlen(input));
    close(fds[1]);
    fflush(NULL);
    stage.pid = fork();
    REQUIRE(stage.pid >= 0);
    if (stage.pid == 0) {
        /* Nothing but these words counts. */
        REQUIRE(setenv("XDG_CONFIG_HOME", "/nowhere", 1) == 0);
        dup2(fds[0], STDIN_FILENO);
        dup2(fileno(stage.out), STDOUT_FILENO);
        close(stage.server);
        const char *common[] = {words[0], "-h", "127.0.0.1", "-p", stage.port};
        char *argv[32] = {NULL};
        REQUIRE(count < 27);
        for (int i = 0; i < 5; i++)
            argv[i] = strdup(common[i]);
        for (int i = 1; i < count; i++)
            argv[4 + i] = strdup(words[i]);
        int status = command(count + 4, argv);
        fflush(NULL);
        _exit(status);
    }
    close(fds[0]);
    stage.peer = accept(stage.server, NULL, NULL);
    REQUIRE(stage.peer >= 0);
    stage_patience(stage.peer);
}

#define STAGE_START(command, input, ...)                                       \
    do {                                                                       \
        const char *stage_words[] = {__VA_ARGS__};                             \
        stage_start(command, input, stage_words,                               \
                    (int)(sizeof stage_words / sizeof stage_words[0]));        \
    } while (0)

CHECK_UNUSED static bool stage_gets_bytes(const char *want, size_t size)
{
    static char data[65536];
    size_t got = 0;
    while (got < size) {
        ssize_t count = recv(stage.peer, data + got, size - got, 0);
        if (count <= 0) break;
        got += (size_t)count;
    }
    return check_bytes(data, got, want, size, "received", __FILE__, __LINE__);
}

#define STAGE_GETS(text) CHECK(stage_gets_bytes(text, sizeof(text) - 1))
#define STAGE_SENDS(text)                                                      \
    REQUIRE(send(stage.peer, text, sizeof(text) - 1, 0) ==                     \
            (ssize_t)sizeof(text) - 1)

/* The command closes and ends with `status`, having printed `text`. */
CHECK_UNUSED static void stage_ends(int status, const char *text)
{
    char data[4096];
    int result = 0;
    CHECK_EQ(recv(stage.peer, data, sizeof data, 0), 0);
    close(stage.peer);
    close(stage.server);
    REQUIRE(waitpid(stage.pid, &result, 0) == stage.pid);
    CHECK(WIFEXITED(result));
    CHECK_EQ(WEXITSTATUS(result), status);
    rewind(stage.out);
    size_t size = fread(data, 1, sizeof data - 1, stage.out);
    data[size] = '\0';
    fclose(stage.out);
    CHECK_STR(data, text);
}

#define STAGE_CONNECT "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"

#endif
