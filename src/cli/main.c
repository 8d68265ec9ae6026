/* main.c - `mogi`, and the table of what it can do. */
#include "bench/bench.h"
#include "broker/broker.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
};

static int version_main(int argc, char **argv);
static int help_main(int argc, char **argv);

static const struct command commands[] = {
    {"broker", broker_main, "run the broker"},
    {"pub", pub_main, "publish messages (takes mosquitto_pub's options)"},
    {"sub", sub_main, "print messages (takes mosquitto_sub's options)"},
    {"rr", rr_main, "ask and wait for the response (takes mosquitto_rr's)"},
    {"bench", bench_main, "load a broker and check what it delivers"},
    {"certs", certs_main, "make certificates for TLS, with a CA of your own"},
    {"passwd", passwd_main,
     "make password files (takes mosquitto_passwd's options)"},
    {"acl", acl_main, "explain what access rules allow, and why"},
    {"token", token_main, "sign a token that lets a client in"},
    {"db", db_main, "check, print, copy or import what is stored"},
    {"version", version_main, "print the version"},
    {"help", help_main, "print this list"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static const struct command *command_find(const char *name)
{
    while (*name == '-')
        name++;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    if (strcmp(name, "h") == 0) return command_find("help");
    return NULL;
}

static int version_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return puts("mogi " MOGI_VERSION) < 0 ? 1 : 0;
}

static void commands_print(FILE *to)
{
    (void)fprintf(to, "Usage: mogi COMMAND [OPTION]...\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(to, "  %-10s%s\n", commands[i].name, commands[i].help);
    }
    (void)fprintf(to, "\nmogi COMMAND --help says more about each.\n");
}

static int help_main(int argc, char **argv)
{
    const struct command *about = argc > 1 ? command_find(argv[1]) : NULL;
    if (about != NULL && about->main != help_main) {
        char help[] = "--help", *words[] = {argv[1], help, NULL};
        return about->main(2, words);
    }
    commands_print(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        commands_print(stderr);
        return 2;
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        (void)fprintf(stderr, "mogi: there is no command '%s'\n", argv[1]);
        commands_print(stderr);
        return 2;
    }
    return command->main(argc - 1, argv + 1);
}
