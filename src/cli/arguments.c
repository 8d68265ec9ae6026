/* arguments.c - see arguments.h. */
#include "cli/arguments.h"

#include "cli/options.h"
#include "cli/property_option.h"
#include "cli/tls_option.h"

#include <stdlib.h>
#include <unistd.h>

enum { SESSION_EXPIRY_SIZE = 5 }; /* of the property */

static bool list_init(struct arguments_list *list, int count)
{
    list->items = calloc((size_t)count + 1, sizeof *list->items);
    return list->items != NULL;
}

static void arguments_init(struct arguments *a, enum arguments_command command)
{
    memset(a, 0, sizeof *a);
    a->command = command;
    a->client = mogi_client_defaults();
    if (command == ARGUMENTS_RR) a->client.connect.version = MOGI_MQTT_50;
    a->repeat_count = 1;
    a->random_parts = 1000;
}

const char *arguments_command_name(enum arguments_command command)
{
    static const char *const names[] = {[ARGUMENTS_PUB] = "pub",
                                        [ARGUMENTS_SUB] = "sub",
                                        [ARGUMENTS_RR] = "rr"};
    return names[command];
}

void arguments_fini(struct arguments *a)
{
    options_file_free(&a->file);
    free(a->topics.items);
    free(a->filters_out.items);
    free(a->unsubscribes.items);
    free(a->url);
    for (size_t i = 0; i < REGION_COUNT; i++)
        free(a->regions[i].data);
}

struct mogi_bytes arguments_region_bytes(const struct arguments *a,
                                         enum arguments_region region)
{
    return mogi_properties_bytes(&a->regions[region]);
}

static bool row_take(struct arguments *a, const struct option_row *row,
                     const char *name, const char *value)
{
    if (row->value != NULL && value == NULL) {
        return options_wrong(
            a, "Error: %s argument given but no %s specified.\n\n", name,
            row->what);
    }
    if (row->help == NULL) {
        return options_wrong(
            a,
            "Error: %s is not in this version of mogi, which connects by TCP "
            "or a Unix socket, with or without TLS, but not by WebSocket or a "
            "proxy. Leave it out, or use mosquitto_%s.\n",
            name, arguments_command_name(a->command));
    }
    if (row->take != NULL) return row->take(a, value);
    void *member = (char *)a + row->member;
    if (row->value == NULL) {
        *(bool *)member = true;
    } else {
        *(const char **)member = value;
    }
    return true;
}

/* -D is not in the table: it takes three or four values. */
static bool is_property(const char *name)
{
    return strcmp(name, "-D") == 0 || strcmp(name, "--property") == 0;
}

/* Find the value of -o among the words, before any is taken: what stands behind
 * another option is that one's value. False: it is there twice. */
static bool file_name_find(struct arguments *a, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "-o") == 0) {
            if (a->file_path != NULL) {
                return options_wrong(a,
                                     "Error: Duplicate -o argument given.\n\n");
            }
            a->file_path = argv[++i];
            continue;
        }
        if (is_property(argv[i])) {
            bool pair =
                i + 2 < argc && strcmp(argv[i + 2], "user-property") == 0;
            i += pair ? 4 : 3;
            continue;
        }
        const struct option_row *row = options_find(a->command, argv[i]);
        if (row != NULL && row->value != NULL) i += 1;
    }
    return true;
}

/* Read the file of options, if there is one. */
static bool file_read(struct arguments *a, int argc, char **argv)
{
    char name[32], why[128];
    (void)snprintf(name, sizeof name, "mosquitto_%s",
                   arguments_command_name(a->command));
    if (!file_name_find(a, argc, argv)) return false;
    if (a->file_path == NULL) {
        if (!options_file_find(name, a->file_default)) return true;
        a->file_path = a->file_default;
    }
    if (options_file_read(&a->file, a->file_path, why, sizeof why)) return true;
    return options_wrong(a,
                         "Error: Unable to read the options file \"%s\": "
                         "%s.\n",
                         a->file_path, why);
}

/* Take what stands at argv[*index]; leaves *index at the last word taken. */
static enum arguments_result word_take(struct arguments *a, int argc,
                                       char **argv, int *index)
{
    const char *name = argv[*index];
    if (strcmp(name, "--help") == 0) return ARGUMENTS_HELP;
    if (strcmp(name, "--version") == 0) return ARGUMENTS_VERSION;
    if (is_property(name)) {
        *index += 1;
        return property_option_take(a, argc, argv, index) ? ARGUMENTS_OK
                                                          : ARGUMENTS_WRONG;
    }
    const struct option_row *row = options_find(a->command, name);
    if (row == NULL) {
        (void)options_wrong(a, "Error: Unknown option '%s'.\n", name);
        return ARGUMENTS_WRONG;
    }
    const char *value = NULL;
    if (row->value != NULL && *index + 1 < argc) {
        *index += 1;
        value = argv[*index];
    }
    return row_take(a, row, name, value) ? ARGUMENTS_OK : ARGUMENTS_WRONG;
}

static bool will_check(struct arguments *a)
{
    if (a->will_topic != NULL) return true;
    if (a->will_payload != NULL) {
        return options_wrong(
            a, "Error: Will payload given, but no will topic given.\n");
    }
    if (a->will.retain) {
        return options_wrong(
            a, "Error: Will retain given, but no will topic given.\n");
    }
    return true;
}

/* Who it is, and for how long it is remembered. */
static bool session_check(struct arguments *a)
{
    bool v5 = a->client.connect.version == MOGI_MQTT_50;
    bool kept = !a->client.connect.clean_start;
    if (!v5 && kept && a->id == NULL) {
        return options_wrong(a, "Error: You must provide a client id if you "
                                "are using the -c option.\n");
    }
    if (!v5 && a->password != NULL && a->user_name == NULL) {
        return options_wrong(a, "Error: Problem setting username and/or "
                                "password: before MQTT 5.0 a password (-P) "
                                "needs a user name (-u).\n");
    }
    if (v5 && kept && !a->session_expiry_given) {
        a->session_expiry_s = UINT32_MAX;
    }
    if (v5 && a->session_expiry_s == UINT32_MAX && a->id == NULL) {
        return options_wrong(
            a, "Error: You must provide a client id if you are using an "
               "infinite session expiry interval.\n");
    }
    return true;
}

/* Is there what the command cannot do without? */
static bool command_check(struct arguments *a)
{
    bool message = a->topic != NULL && a->source != SOURCE_NONE;
    bool filters = a->topics.count > 0 || a->unsubscribes.count > 0;
    if (a->command == ARGUMENTS_SUB && !filters) {
        return options_wrong(
            a, "Error: You must specify a topic to subscribe to (-t) or "
               "unsubscribe from (-U).\n");
    }
    if (a->command == ARGUMENTS_PUB && !message) {
        return options_wrong(
            a, "Error: Both topic and message must be supplied, as in: mogi "
               "pub -t hello -m world\n");
    }
    if (a->command == ARGUMENTS_RR && (!message || a->response_topic == NULL)) {
        return options_wrong(a, "Error: All of topic, message, and response "
                                "topic must be supplied.\n");
    }
    if (a->no_retained && a->only_retained) {
        return options_wrong(
            a, "\nError: Combining '-R' and '--retained-only' makes no "
               "sense.\n");
    }
    return true;
}

/* MQTT 3.1 has no empty client id. */
static void id_make_up(struct arguments *a)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { PREFIX_SIZE = 5, RANDOM_SIZE = 18 };
    uint8_t random[RANDOM_SIZE];
    if (getentropy(random, sizeof random) != 0) {
        memset(random, 0, sizeof random);
    }
    memcpy(a->id_text, "mogi-", PREFIX_SIZE);
    for (size_t i = 0; i < RANDOM_SIZE; i++) {
        a->id_text[PREFIX_SIZE + i] = letters[random[i] % (sizeof letters - 1)];
    }
    a->id_text[PREFIX_SIZE + RANDOM_SIZE] = '\0';
}

static bool id_finish(struct arguments *a)
{
    const char *id = a->id;
    if (a->id_prefix != NULL) {
        int size = snprintf(a->id_text, sizeof a->id_text, "%s%ld",
                            a->id_prefix, (long)getpid());
        if ((size_t)size >= sizeof a->id_text) {
            return options_wrong(a, "Error: The id prefix is too long.\n");
        }
        id = a->id_text;
    } else if (id == NULL && a->client.connect.version == MOGI_MQTT_31) {
        id_make_up(a);
        id = a->id_text;
    }
    a->client.connect.client_id = mogi_text(id);
    return true;
}

/* The session expiry goes last, as mosquitto's clients have it. */
static bool expiry_finish(struct arguments *a)
{
    struct mogi_properties *p = &a->regions[REGION_CONNECT];
    if (a->client.connect.version != MOGI_MQTT_50) return true;
    if (a->session_expiry_s == 0) return true;
    if (!property_option_reserve(p, SESSION_EXPIRY_SIZE)) {
        return options_wrong(a, "Error: Out of memory.\n");
    }
    enum mogi_error e =
        mogi_put_number(p, MOGI_SESSION_EXPIRY, a->session_expiry_s);
    return e == MOGI_OK;
}

/* Make a->client of what was given. */
static bool client_finish(struct arguments *a)
{
    struct mogi_connect *c = &a->client.connect;
    if (!id_finish(a) || !expiry_finish(a)) return false;
    c->has_user_name = a->user_name != NULL;
    c->user_name = mogi_text(a->user_name);
    c->has_password = a->password != NULL;
    c->password = mogi_text(a->password);
    c->properties = arguments_region_bytes(a, REGION_CONNECT);
    if (a->will_topic != NULL) {
        a->will.topic = mogi_text(a->will_topic);
        a->will.payload = mogi_text(a->will_payload);
        a->will.properties = arguments_region_bytes(a, REGION_WILL);
        c->will = &a->will;
    }
    tls_option_finish(a);
    a->client.reconnect_min_ms = a->client.reconnect_max_ms = 1000;
    /* Otherwise more messages than wanted would be taken from the broker. */
    if (a->command == ARGUMENTS_RR) a->client.receive_max = 1;
    if (a->message_count > 0 && a->message_count < 20) {
        a->client.receive_max = (uint16_t)a->message_count;
    }
    return true;
}

static enum arguments_result words_take(struct arguments *a, int argc,
                                        char **argv)
{
    for (int i = 0; i < argc; i++) {
        enum arguments_result result = word_take(a, argc, argv, &i);
        if (result != ARGUMENTS_OK) return result;
    }
    return ARGUMENTS_OK;
}

enum arguments_result arguments_read(struct arguments *a,
                                     enum arguments_command command, int argc,
                                     char **argv)
{
    arguments_init(a, command);
    if (!file_read(a, argc, argv)) return ARGUMENTS_WRONG;
    int count = argc + a->file.count;
    if (!list_init(&a->topics, count) || !list_init(&a->filters_out, count) ||
        !list_init(&a->unsubscribes, count)) {
        (void)options_wrong(a, "Error: Out of memory.\n");
        return ARGUMENTS_WRONG;
    }
    a->file_at_work = true;
    enum arguments_result result = words_take(a, a->file.count, a->file.words);
    if (result != ARGUMENTS_OK) return result;
    a->file_at_work = false;
    result = words_take(a, argc - 1, argv + 1);
    if (result != ARGUMENTS_OK) return result;
    bool fine = will_check(a) && session_check(a) && tls_option_check(a) &&
                command_check(a) && client_finish(a);
    return fine ? ARGUMENTS_OK : ARGUMENTS_WRONG;
}

static void row_help(const struct option_row *row, FILE *to)
{
    char names[64];
    (void)snprintf(names, sizeof names, "%s%s%s %s",
                   row->brief == NULL ? "" : row->brief,
                   row->brief == NULL || row->full == NULL ? "" : ", ",
                   row->full == NULL ? "" : row->full,
                   row->value == NULL ? "" : row->value);
    const char *gap =
        strlen(names) > 30 ? "\n                                 " : "";
    (void)fprintf(to, "  %-30s %s%s\n", names, gap, row->help);
}

/* What stands above and below the list of options. */
static const struct {
    const char *usage;
    const char *purpose;
    const char *example;
} helps[] = {
    [ARGUMENTS_PUB] = {"-t TOPIC {-m TEXT | -f FILE | -l | -s | -n}",
                       "Publish messages.", "-t hello -m world"},
    [ARGUMENTS_SUB] = {"-t FILTER", "Print messages.", "-t '#' -v"},
    [ARGUMENTS_RR] = {"-t TOPIC -e TOPIC {-m TEXT | -f FILE | -s | -n}",
                      "Publish a request, and print the response.",
                      "-t lamp/ask -e lamp/answer -m 'on?' -W 5"}};

void arguments_help(enum arguments_command command, FILE *to)
{
    const char *name = arguments_command_name(command);
    (void)fprintf(to,
                  "Usage: mogi %s %s [OPTION]...\n\n"
                  "%s The options are mosquitto_%s's.\n\n",
                  name, helps[command].usage, helps[command].purpose, name);
    const struct option_row *row;
    for (size_t i = 0; (row = options_at(i)) != NULL; i++) {
        if ((row->users >> command & 1) == 0 || row->help == NULL) continue;
        row_help(row, to);
    }
    (void)fprintf(
        to, "  -D, --property COMMAND NAME VALUE\n"
            "                                 add a property of MQTT 5.0 to "
            "connect, publish,\n"
            "                                 subscribe, unsubscribe, "
            "disconnect or will;\n"
            "                                 user-property takes a key and a "
            "value\n"
            "  --help, --version\n\n");
    if (command != ARGUMENTS_PUB) {
        (void)fprintf(
            to,
            "FORMAT: %%t topic, %%p payload, %%x %%X payload in hex, %%d %%f "
            "as a number, %%l its\nlength, %%q QoS, %%r retain, %%m packet id, "
            "%%j %%J JSON, %%U %%I time, @Y @m ... as\nstrftime, \\n \\t "
            "\\0 ... characters; 5.0: %%A %%C %%D %%E %%F %%P %%R %%S "
            "properties.\n\n");
    }
    (void)fprintf(to,
                  "Without -o, options are taken from "
                  "$XDG_CONFIG_HOME/mosquitto_%s\nor "
                  "~/.config/mosquitto_%s, if there is one.\n\n"
                  "Example: mogi %s %s\n",
                  name, name, name, helps[command].example);
}
