/* arguments.h - the command line of `mogi pub`, `mogi sub` and `mogi rr`: the
 * flags of mosquitto_pub, mosquitto_sub and mosquitto_rr, from one table.
 *
 * Texts point into argv, and into a file of options. Nothing is printed here
 * but the help.
 */
#ifndef MOGI_CLI_ARGUMENTS_H
#define MOGI_CLI_ARGUMENTS_H

#include "cli/options_file.h"
#include "mogi/client.h"

#include <stdio.h>

enum arguments_command { ARGUMENTS_PUB, ARGUMENTS_SUB, ARGUMENTS_RR };

enum arguments_result {
    ARGUMENTS_OK,
    ARGUMENTS_HELP,    /* --help was given */
    ARGUMENTS_VERSION, /* --version was given */
    ARGUMENTS_WRONG,   /* `error` says why */
};

/* Where pub and rr take their messages from. */
enum arguments_source {
    SOURCE_NONE,
    SOURCE_TEXT,  /* -m */
    SOURCE_EMPTY, /* -n */
    SOURCE_FILE,  /* -f */
    SOURCE_STDIN, /* -s */
    SOURCE_LINES, /* -l */
};

/* What -D can add properties to. */
enum arguments_region {
    REGION_CONNECT,
    REGION_PUBLISH,
    REGION_SUBSCRIBE,
    REGION_UNSUBSCRIBE,
    REGION_DISCONNECT,
    REGION_WILL,
    REGION_COUNT,
};

enum {
    ARGUMENTS_ERROR_SIZE = 512,
    ARGUMENTS_PSK_MAX = 512,
    ARGUMENTS_PASSWORD_SIZE = 1024
};

struct arguments_list {
    const char **items;
    size_t count;
};

struct arguments {
    enum arguments_command command;
    char error[ARGUMENTS_ERROR_SIZE]; /* sentences, with line ends */

    struct mogi_client_options client; /* client id, will: see finish */
    const char *id;
    const char *id_prefix;
    const char *user_name;
    const char *password;
    bool session_expiry_given;
    uint32_t session_expiry_s;
    struct mogi_properties regions[REGION_COUNT];
    struct mogi_message will;
    const char *will_topic;
    const char *will_payload;
    unsigned qos;
    bool debug;
    bool quiet;
    struct mogi_tls tls; /* used when something switches it on */
    const char *keyform;
    const char *psk_text; /* of --psk, and what it says */
    uint8_t psk[ARGUMENTS_PSK_MAX];
    char key_password[ARGUMENTS_PASSWORD_SIZE]; /* once it was asked for */
    bool tls_by_url;                            /* mqtts:// */
    bool tls_version_given;
    bool insecure;
    bool no_tls;
    char warning[ARGUMENTS_ERROR_SIZE]; /* a line to print, or "" */
    char id_text[64];                   /* where a made-up client id lies */
    char *url;                          /* the copy that -L was cut up in */

    struct options_file file; /* of -o, or the default one */
    const char *file_path;    /* NULL: none */
    char file_default[OPTIONS_FILE_PATH_MAX];
    bool file_at_work; /* what is taken now, or was last, is from it */

    /* pub and rr */
    const char *topic;
    enum arguments_source source;
    const char *text; /* the message or the file's name */
    bool retain;
    long repeat_count;
    uint32_t repeat_delay_ms;

    /* rr */
    const char *response_topic;
    bool latency;

    /* sub, and some of it rr */
    struct arguments_list topics;
    struct arguments_list filters_out;
    struct arguments_list unsubscribes;
    const char *format; /* NULL: plain */
    long message_count; /* 0: no end */
    long timeout_s;     /* 0: none */
    long random_parts;  /* of 1,000 messages are printed */
    uint8_t retain_handling;
    bool retain_as_published;
    bool no_end_of_line;
    bool no_retained;
    bool only_retained;
    bool remove_retained;
    bool exit_after_subscribe;
    bool message_rate;
    bool watch;
    bool pretty;
    bool verbose;
};

/* "pub", "sub" or "rr". */
const char *arguments_command_name(enum arguments_command command);

/* Read the command line (argv[0] is not looked at), and before it the file of
 * options that it names, or the default one. On ARGUMENTS_OK a->client is
 * complete. Freed with arguments_fini, whatever the result. */
enum arguments_result arguments_read(struct arguments *a,
                                     enum arguments_command command, int argc,
                                     char **argv);

/* Give back what arguments_read took, after any result. */
void arguments_fini(struct arguments *a);

/* What was given for -D to `region`. */
struct mogi_bytes arguments_region_bytes(const struct arguments *a,
                                         enum arguments_region region);

/* Print what each option does. */
void arguments_help(enum arguments_command command, FILE *to);

#endif
