/* options.c - see options.h. */
#include "bench/options.h"

#include "wire/topic.h"

#include <errno.h>
#include <stdlib.h>

struct mode_row {
    const char *name;
    const char *help;
    uint32_t clients; /* defaults; a limit of 0 means the default duration */
    uint64_t limit;
    uint32_t qos;
    uint32_t others;
};

static const struct mode_row modes[BENCH_MODE_COUNT] = {
    [BENCH_PUB] = {"pub", "-c publishers, nobody listens", 10, 0, 0, 1},
    [BENCH_SUB] = {"sub", "-c subscribers to what others publish", 10, 0, 0, 1},
    [BENCH_FANIN] = {"fanin", "-c publishers, --others subscribers", 100, 0, 0,
                     1},
    [BENCH_FANOUT] = {"fanout", "--others publishers, -c subscribers", 100, 0,
                      0, 1},
    [BENCH_PAIRS] = {"pairs", "-c publishers with a subscriber each", 100, 0, 0,
                     1},
    [BENCH_LATENCY] = {"latency", "as pairs, at a steady --rate", 1, 0, 0, 1},
    [BENCH_CONN] = {"conn", "-c connections, held for --hold", 1000, 0, 0, 1},
    [BENCH_FILTERS] = {"filters", "-L subscriptions of -c clients", 10, 100000,
                       0, 1},
    [BENCH_RETAIN] = {"retain", "-L retained messages of -c publishers", 10,
                      100000, 1, 1},
    [BENCH_QUEUE] = {"queue", "-L messages for -c clients that are away", 10,
                     10000, 1, 0},
    [BENCH_SHARE] = {"share", "-c publishers, a group of --others", 100, 0, 0,
                     10},
};

enum kind {
    KIND_FLAG,
    KIND_NUMBER,
    KIND_COUNT,
    KIND_TEXT,
    KIND_PORT /* a number that stays text */
};

struct option_row {
    char letter;
    const char *name;
    enum kind kind;
    size_t offset;
    uint64_t min, max;
    const char *help; /* NULL: another name for the row above */
};

#define AT(member) offsetof(struct bench_options, member)

static const struct option_row rows[] = {
    {'h', "host", KIND_TEXT, AT(host), 0, 0, "HOST (127.0.0.1)"},
    {0, "hostname", KIND_TEXT, AT(host), 0, 0, NULL},
    {'p', "port", KIND_PORT, AT(port), 1, 65535, "PORT (1883, with TLS 8883)"},
    {'V', "version", KIND_NUMBER, AT(version), 3, 500,
     "3, 4 or 5; also 3.1, 3.1.1, 5.0 (4)"},
    {0, "mqtt-version", KIND_NUMBER, AT(version), 3, 500, NULL},
    {'q', "qos", KIND_NUMBER, AT(qos), 0, 2, "0, 1 or 2"},
    {'c', "count", KIND_NUMBER, AT(clients), 1, BENCH_CLIENTS_MAX,
     "clients on the side of the many"},
    {0, "clients", KIND_NUMBER, AT(clients), 1, BENCH_CLIENTS_MAX, NULL},
    {'o', "others", KIND_NUMBER, AT(others), 1, 10000,
     "clients on the other side: fanin, fanout (1), share (10); queue: "
     "so many are away that each get all, not one for each publisher"},
    {'s', "size", KIND_NUMBER, AT(size), BENCH_SIZE_MIN, BENCH_SIZE_MAX,
     "bytes of a payload, 20 or more (64)"},
    {0, "payload-size", KIND_NUMBER, AT(size), BENCH_SIZE_MIN, BENCH_SIZE_MAX,
     NULL},
    {'L', "limit", KIND_COUNT, AT(limit), 1, UINT32_MAX,
     "messages, or filters, in all"},
    {'d', "duration", KIND_NUMBER, AT(duration_s), 1, 1000000,
     "seconds, when there is no --limit (10)"},
    {'r', "rate", KIND_NUMBER, AT(rate), 1, BENCH_RATE_MAX,
     "messages a second in all; without, as fast as may be"},
    {'I', "interval_of_msg", KIND_NUMBER, AT(interval_ms), 1, 3600000,
     "ms between two messages of one publisher: another way to say --rate"},
    {0, "message-interval", KIND_NUMBER, AT(interval_ms), 1, 3600000, NULL},
    {'R', "connrate", KIND_NUMBER, AT(connect_rate), 1, BENCH_RATE_MAX,
     "connections a second; without, as fast as may be"},
    {'F', "inflight", KIND_NUMBER, AT(inflight), 0, BENCH_INFLIGHT_MAX,
     "messages of one publisher that are not acknowledged or have not yet "
     "arrived; 0: no end (10)"},
    {'t', "topic", KIND_TEXT, AT(topic), 0, 0,
     "topic, or filters of sub and filters; %i is the client's number, "
     "%n the message's or filter's"},
    {'u', "username", KIND_TEXT, AT(user), 0, 0, "user name; %i as above"},
    {'P', "password", KIND_TEXT, AT(password), 0, 0, "password; %i as above"},
    {'S', "tls", KIND_FLAG, AT(tls), 0, 0,
     "TLS, with the system's CAs unless others are given"},
    {0, "ssl", KIND_FLAG, AT(tls), 0, 0, NULL},
    {0, "cafile", KIND_TEXT, AT(ca_file), 0, 0, "TLS: trust the CAs in FILE"},
    {0, "cacertfile", KIND_TEXT, AT(ca_file), 0, 0, NULL},
    {0, "ca", KIND_TEXT, AT(ca_file), 0, 0, NULL},
    {0, "cert", KIND_TEXT, AT(cert_file), 0, 0, "the clients' certificate"},
    {0, "certfile", KIND_TEXT, AT(cert_file), 0, 0, NULL},
    {0, "key", KIND_TEXT, AT(key_file), 0, 0, "its key"},
    {0, "keyfile", KIND_TEXT, AT(key_file), 0, 0, NULL},
    {0, "insecure", KIND_FLAG, AT(insecure), 0, 0,
     "TLS: believe any certificate of the broker"},
    {0, "tls-version", KIND_TEXT, AT(tls_version), 0, 0,
     "the lowest: tlsv1.2 or tlsv1.3 (tlsv1.2)"},
    {0, "ciphers", KIND_TEXT, AT(ciphers), 0, 0, "ciphers for TLS 1.2"},
    {0, "tls-alpn", KIND_TEXT, AT(alpn), 0, 0, "protocol to ask for by ALPN"},
    {0, "alpn", KIND_TEXT, AT(alpn), 0, 0, NULL},
    {0, "psk", KIND_TEXT, AT(psk), 0, 0,
     "TLS with a key in hexadecimal, in place of certificates"},
    {0, "psk-identity", KIND_TEXT, AT(psk_identity), 0, 0, "who has the key"},
    {0, "prefix", KIND_TEXT, AT(prefix), 0, 0, "how client ids begin"},
    {'k', "keepalive", KIND_NUMBER, AT(keepalive_s), 0, 65535,
     "seconds of keep alive (300)"},
    {0, "retain", KIND_FLAG, AT(retain), 0, 0, "publish retained messages"},
    {0, "persistent", KIND_FLAG, AT(persistent), 0, 0,
     "sessions outlive their connections, and what is for them is kept"},
    {0, "hold", KIND_NUMBER, AT(hold_s), 0, 1000000,
     "conn: seconds that connections stay (1)"},
    {0, "timeout", KIND_NUMBER, AT(timeout_s), 1, 3600,
     "seconds without progress after which what is missing is lost (10)"},
    {'T', "threads", KIND_NUMBER, AT(threads), 1, BENCH_THREADS_MAX,
     "threads of the load (1)"},
    {0, "spin", KIND_FLAG, AT(spin), 0, 0,
     "never sleep: better latencies for a whole processor"},
    {0, "pid", KIND_NUMBER, AT(pid), 1, INT32_MAX,
     "the broker's process: adds its processor time and memory"},
    {0, "json", KIND_FLAG, AT(json), 0, 0, "one JSON object as the report"},
    {0, "quiet", KIND_FLAG, AT(quiet), 0, 0, "no progress line"},
    {0, "help", KIND_FLAG, AT(help), 0, 0, "print this"},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

const char *bench_mode_name(enum bench_mode mode)
{
    return modes[mode].name;
}

static const struct option_row *row_find(const char *text, size_t size,
                                         bool is_long)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &rows[i];
        if (is_long && strlen(row->name) == size &&
            memcmp(row->name, text, size) == 0) {
            return row;
        }
        if (!is_long && row->letter == text[0]) return row;
    }
    return NULL;
}

/* A decimal number in min..max. Dots are left out, for "3.1.1". */
static bool number_read(const char *text, const struct option_row *row,
                        uint64_t *value)
{
    char digits[24];
    size_t size = 0;
    bool dots = row->offset == AT(version);
    for (; *text != '\0'; text++) {
        if (dots && *text == '.') continue;
        if (*text < '0' || *text > '9' || size + 1 >= sizeof digits) {
            return false;
        }
        digits[size++] = *text;
    }
    if (size == 0) return false;
    digits[size] = '\0';
    errno = 0;
    *value = strtoull(digits, NULL, 10);
    return errno == 0 && *value >= row->min && *value <= row->max;
}

static enum err row_set(const struct option_row *row, const char *text,
                        struct bench_options *o, FILE *errors)
{
    char *at = (char *)o + row->offset;
    uint64_t number = 0;
    bool counted = row->kind != KIND_TEXT && row->kind != KIND_FLAG;
    if (counted && !number_read(text, row, &number)) {
        (void)fprintf(errors,
                      "mogi bench: --%s takes a number from %llu to %llu, "
                      "not '%s'\n",
                      row->name, (unsigned long long)row->min,
                      (unsigned long long)row->max, text);
        return ERR_CONFIG;
    }
    if (row->kind == KIND_TEXT || row->kind == KIND_PORT) {
        memcpy(at, &text, sizeof text);
    }
    if (row->kind == KIND_COUNT) memcpy(at, &number, sizeof number);
    if (row->kind == KIND_FLAG) *(bool *)(void *)at = true;
    if (row->kind == KIND_NUMBER) {
        uint32_t narrow = (uint32_t)number;
        memcpy(at, &narrow, sizeof narrow);
    }
    return OK;
}

/* Read the option at argv[*at], and its value, which may stand behind "=" or
 * right behind the letter; *at is left at what comes next. */
static enum err option_read(int argc, char **argv, int *at,
                            struct bench_options *o, FILE *errors)
{
    const char *word = argv[*at];
    bool is_long = word[0] == '-' && word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    size_t size = is_long ? strcspn(name, "=") : 1;
    const struct option_row *row = NULL;
    if (word[0] == '-' && name[0] != '\0') row = row_find(name, size, is_long);
    if (row == NULL) {
        (void)fprintf(errors, "mogi bench: there is no option '%s'\n", word);
        return ERR_CONFIG;
    }
    *at += 1;
    if (row->kind == KIND_FLAG) return row_set(row, "", o, errors);
    const char *value = name + size;
    if (*value != '\0') {
        return row_set(row, is_long ? value + 1 : value, o, errors);
    }
    if (*at >= argc) {
        (void)fprintf(errors, "mogi bench: '%s' wants a value\n", word);
        return ERR_CONFIG;
    }
    *at += 1;
    return row_set(row, argv[*at - 1], o, errors);
}

/* The protocol that a version means, written as a level or without dots. */
static enum protocol protocol_of(uint32_t version)
{
    if (version == 3 || version == 31) return MQTT_31;
    if (version == 4 || version == 311) return MQTT_311;
    return version == 5 || version == 50 ? MQTT_50 : MQTT_NONE;
}

static bool mode_find(const char *name, enum bench_mode *mode)
{
    for (int i = 0; i < BENCH_MODE_COUNT; i++) {
        if (strcmp(modes[i].name, name) != 0) continue;
        *mode = (enum bench_mode)i;
        return true;
    }
    return false;
}

static struct bench_options options_default(enum bench_mode mode)
{
    return (struct bench_options){
        .mode = mode,
        .host = "127.0.0.1",
        .version = 4,
        .qos = modes[mode].qos,
        .clients = modes[mode].clients,
        .others = modes[mode].others,
        .size = 64,
        .inflight = mode == BENCH_LATENCY ? 0 : 10,
        .threads = 1,
        .keepalive_s = 300,
        .hold_s = 1,
        .timeout_s = 10,
    };
}

/* Can the topic be published to, or subscribed to, as the mode will? Some modes
 * listen to "bench/+" or "bench/#", whatever is published. */
static enum err topic_check(const struct bench_options *o, FILE *errors)
{
    if (o->topic == NULL) return OK;
    struct bytes topic = bytes_of(o->topic);
    bool listens = o->mode == BENCH_SUB || o->mode == BENCH_FILTERS;
    bool one = o->mode == BENCH_FANIN || o->mode == BENCH_FANOUT ||
               o->mode == BENCH_SHARE;
    const char *want = NULL;
    if (listens && !topic_subscription_valid(topic)) {
        want = "a topic filter";
    } else if (!listens && !topic_name_valid(topic)) {
        want = "a topic without + and #, to publish to";
    } else if (one && !topic_matches(bytes_of("bench/+"), topic)) {
        want = "a topic of two levels, the first of which is bench";
    } else if (o->mode == BENCH_RETAIN &&
               !topic_matches(bytes_of("bench/#"), topic)) {
        want = "a topic that begins with bench/";
    }
    if (want == NULL) return OK;
    (void)fprintf(errors, "mogi bench: --topic of %s takes %s, not '%s'\n",
                  modes[o->mode].name, want, o->topic);
    return ERR_CONFIG;
}

/* Whether there is TLS, and on which port. What is in the files comes out when
 * they are read. */
static enum err tls_finish(struct bench_options *o, FILE *errors)
{
    o->tls = o->tls || o->insecure || o->ca_file != NULL ||
             o->cert_file != NULL || o->key_file != NULL || o->psk != NULL ||
             o->psk_identity != NULL || o->ciphers != NULL || o->alpn != NULL ||
             o->tls_version != NULL;
    if (o->port == NULL) o->port = o->tls ? "8883" : "1883";
    const char *version = o->tls_version;
    if (version == NULL || strcmp(version, "tlsv1.2") == 0 ||
        strcmp(version, "tlsv1.3") == 0) {
        return OK;
    }
    (void)fprintf(errors,
                  "mogi bench: --tls-version takes tlsv1.2 or tlsv1.3, not "
                  "'%s'\n",
                  version);
    return ERR_CONFIG;
}

/* What follows from what was said, and from what was not. */
static enum err options_finish(struct bench_options *o, FILE *errors)
{
    o->protocol = protocol_of(o->version);
    if (o->protocol == MQTT_NONE) {
        (void)fprintf(errors, "mogi bench: MQTT %u is not known\n", o->version);
        return ERR_CONFIG;
    }
    if (o->interval_ms > 0 && o->rate == 0) {
        uint64_t rate = UINT64_C(1000) * o->clients / o->interval_ms;
        o->rate = rate == 0 ? 1 : (uint32_t)rate;
    }
    if (o->mode == BENCH_LATENCY && o->rate == 0) o->rate = 1000;
    if (o->limit == 0 && o->duration_s == 0) {
        o->limit = modes[o->mode].limit;
        if (o->limit == 0) o->duration_s = 10;
    }
    if (modes[o->mode].limit > 0 && o->limit == 0) {
        (void)fprintf(errors, "mogi bench: %s wants a --limit\n",
                      modes[o->mode].name);
        return ERR_CONFIG;
    }
    if (o->threads > o->clients) o->threads = o->clients;
    enum err e = tls_finish(o, errors);
    return e == OK ? topic_check(o, errors) : e;
}

enum err bench_options_parse(int argc, char **argv, struct bench_options *o,
                             FILE *errors)
{
    *o = options_default(BENCH_PUB);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        o->help = true;
        return OK;
    }
    enum bench_mode mode;
    if (argc < 2 || !mode_find(argv[1], &mode)) {
        (void)fprintf(errors,
                      argc < 2 ? "mogi bench: which mode? See --help.\n"
                               : "mogi bench: there is no mode '%s'\n",
                      argc < 2 ? "" : argv[1]);
        return ERR_CONFIG;
    }
    *o = options_default(mode);
    int at = 2;
    while (at < argc) {
        enum err err = option_read(argc, argv, &at, o, errors);
        if (err != OK) return err;
    }
    return o->help ? OK : options_finish(o, errors);
}

void bench_options_help(FILE *to)
{
    (void)fprintf(to, "Usage: mogi bench MODE [OPTION]...\n\n"
                      "Loads an MQTT broker and checks what it delivers.\n\n");
    for (int i = 0; i < BENCH_MODE_COUNT; i++) {
        (void)fprintf(to, "  %-8s  %s (-c %u)\n", modes[i].name, modes[i].help,
                      modes[i].clients);
    }
    (void)fputc('\n', to);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct option_row *row = &rows[i];
        if (row->help == NULL) continue;
        char letter[4] = "  ";
        if (row->letter != 0) {
            letter[0] = '-';
            letter[1] = row->letter;
        }
        (void)fprintf(to, "  %s  --%-16s  %s\n", letter, row->name, row->help);
    }
}
