/* options.c - see options.h. */
#include "cli/options.h"

#include "cli/format.h"
#include "cli/options_file.h"
#include "cli/tls_option.h"
#include "cli/topic_option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

bool options_wrong(struct arguments *a, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(a->error, sizeof a->error, format, values);
    va_end(values);
    return false;
}

/* A whole decimal number in low..high. */
static bool number_read(const char *text, long low, long high, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') return false;
    if (value < low || value > high) return false;
    *out = value;
    return true;
}

/* --- connection ---------------------------------------------------------- */

static bool take_keep_session(struct arguments *a, const char *value)
{
    (void)value;
    a->client.connect.clean_start = false;
    return true;
}

bool options_host(struct arguments *a, const char *value)
{
    a->client.host = value;
    a->client.unix_path = NULL;
    return true;
}

static bool take_id(struct arguments *a, const char *value)
{
    if (a->id_prefix != NULL) {
        return options_wrong(
            a, "Error: -i and -I argument cannot be used together.\n\n");
    }
    a->id = value;
    return true;
}

static bool take_id_prefix(struct arguments *a, const char *value)
{
    if (a->id != NULL) {
        return options_wrong(
            a, "Error: -i and -I argument cannot be used together.\n\n");
    }
    a->id_prefix = value;
    return true;
}

static bool take_keep_alive(struct arguments *a, const char *value)
{
    long seconds;
    if (!number_read(value, 5, UINT16_MAX, &seconds)) {
        return options_wrong(a, "Error: Invalid keepalive given, it must be "
                                "between 5 and 65535 inclusive.\n\n");
    }
    a->client.connect.keep_alive_s = (uint16_t)seconds;
    return true;
}

static bool take_window(struct arguments *a, const char *value)
{
    long count;
    if (!number_read(value, 1, INT32_MAX, &count)) {
        return options_wrong(a, "Error: Maximum inflight messages must be "
                                "greater than 0.\n\n");
    }
    if (count > UINT16_MAX) {
        return options_wrong(a, "Error: Maximum inflight messages must be at "
                                "most 65535.\n\n");
    }
    a->client.inflight_max = (uint16_t)count;
    return true;
}

bool options_port(struct arguments *a, const char *value)
{
    long port;
    if (!number_read(value, 1, UINT16_MAX, &port)) {
        return options_wrong(a, "Error: Invalid port given: %s\n", value);
    }
    a->client.port = (uint16_t)port;
    return true;
}

static bool take_version(struct arguments *a, const char *value)
{
    static const struct {
        const char *name;
        enum mogi_version version;
    } names[] = {{"mqttv31", MOGI_MQTT_31},   {"31", MOGI_MQTT_31},
                 {"mqttv311", MOGI_MQTT_311}, {"311", MOGI_MQTT_311},
                 {"mqttv5", MOGI_MQTT_50},    {"5", MOGI_MQTT_50}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i].name) != 0) continue;
        a->client.connect.version = names[i].version;
        return true;
    }
    return options_wrong(a,
                         "Error: Invalid protocol version argument given.\n\n");
}

static bool take_expiry(struct arguments *a, const char *value)
{
    a->session_expiry_given = true;
    a->client.connect.version = MOGI_MQTT_50;
    if (strcmp(value, "\xe2\x88\x9e") == 0) { /* the infinity sign */
        a->session_expiry_s = UINT32_MAX;
        return true;
    }
    char *end;
    errno = 0;
    long long seconds = strtoll(value, &end, 0);
    if (end == value || *end != '\0') {
        return options_wrong(
            a, "Error: session-expiry-interval not a number.\n\n");
    }
    if (errno != 0 || seconds < -1 || seconds > UINT32_MAX) {
        return options_wrong(
            a, "Error: session-expiry-interval out of range.\n\n");
    }
    a->session_expiry_s = seconds < 0 ? UINT32_MAX : (uint32_t)seconds;
    return true;
}

/* --- messages ------------------------------------------------------------ */

static bool source_take(struct arguments *a, enum arguments_source source,
                        const char *text)
{
    if (a->source != SOURCE_NONE) {
        return options_wrong(
            a, "Error: Only one type of message can be sent at once.\n\n");
    }
    a->source = source;
    a->text = text;
    return true;
}

static bool take_file(struct arguments *a, const char *value)
{
    return source_take(a, SOURCE_FILE, value);
}

static bool take_lines(struct arguments *a, const char *value)
{
    return source_take(a, SOURCE_LINES, value);
}

static bool take_message(struct arguments *a, const char *value)
{
    return source_take(a, SOURCE_TEXT, value);
}

static bool take_empty(struct arguments *a, const char *value)
{
    return source_take(a, SOURCE_EMPTY, value);
}

static bool take_stdin(struct arguments *a, const char *value)
{
    return source_take(a, SOURCE_STDIN, value);
}

static bool take_qos(struct arguments *a, const char *value)
{
    long qos;
    if (!number_read(value, 0, 2, &qos)) {
        return options_wrong(a, "Error: Invalid QoS given: %s\n", value);
    }
    a->qos = (unsigned)qos;
    return true;
}

static bool take_repeat(struct arguments *a, const char *value)
{
    if (number_read(value, 1, INT32_MAX, &a->repeat_count)) return true;
    return options_wrong(a, "Error: --repeat argument must be >0.\n\n");
}

static bool take_repeat_delay(struct arguments *a, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end != '\0' || !(seconds >= 0) || seconds > 1e6) {
        return options_wrong(
            a, "Error: --repeat-delay argument must be >=0.0.\n\n");
    }
    a->repeat_delay_ms = (uint32_t)(seconds * 1000);
    return true;
}

/* --- will ---------------------------------------------------------------- */

static bool take_will_qos(struct arguments *a, const char *value)
{
    long qos;
    if (!number_read(value, 0, 2, &qos)) {
        return options_wrong(a, "Error: Invalid will QoS %s.\n\n", value);
    }
    a->will.qos = (uint8_t)qos;
    return true;
}

/* --- output -------------------------------------------------------------- */

static bool take_count(struct arguments *a, const char *value)
{
    if (number_read(value, 1, INT32_MAX, &a->message_count)) return true;
    return options_wrong(a, "Error: Invalid message count \"%s\".\n\n", value);
}

static bool take_format(struct arguments *a, const char *value)
{
    a->format = value;
    return format_check(value, a->error, sizeof a->error);
}

static bool take_no_retained(struct arguments *a, const char *value)
{
    (void)value;
    a->no_retained = true;
    a->retain_handling = 2;
    return true;
}

static bool take_latency(struct arguments *a, const char *value)
{
    (void)value;
    a->latency = a->client.no_delay = true;
    return true;
}

static bool take_random(struct arguments *a, const char *value)
{
    char *end;
    double percent = strtod(value, &end);
    if (end == value || *end != '\0' || !(percent >= 0.1 && percent <= 100)) {
        return options_wrong(a, "Error: --random-filter chance must be between "
                                "0.1-100.0\n\n");
    }
    a->random_parts = (long)(percent * 10);
    return true;
}

static bool take_retain_handling(struct arguments *a, const char *value)
{
    static const char *const names[] = {"always", "new", "never"};
    for (uint8_t i = 0; i < 3; i++) {
        if (strcmp(value, names[i]) != 0) continue;
        a->retain_handling = i;
        return true;
    }
    return options_wrong(
        a, "Error: Unknown value '%s' for --retain-handling.\n\n", value);
}

static bool take_timeout(struct arguments *a, const char *value)
{
    if (number_read(value, 1, INT32_MAX / 1000, &a->timeout_s)) return true;
    return options_wrong(a, "Error: Invalid timeout \"%s\".\n\n", value);
}

/* The file has been read by now: see arguments_read. */
static bool take_options_file(struct arguments *a, const char *value)
{
    (void)value;
    if (a->file_at_work) {
        return options_wrong(a, "Error: -o is for the command line, not for a "
                                "file of options.\n\n");
    }
    return true;
}

/* --- the table ----------------------------------------------------------- */

/* Who takes the value, or the member that is set: to the value, or, where there
 * is none, to true. */
#define BY(function) function, 0
#define SET(member)  NULL, offsetof(struct arguments, member)
#define REFUSED(name, value, what)                                             \
    {                                                                          \
        NULL, name, FOR_ALL, value, what, NULL, 0, NULL                        \
    }

static const struct option_row rows[] = {
    {"-h", "--host", FOR_ALL, "HOST", "host", BY(options_host),
     "the broker's name or address (localhost)"},
    {"-p", "--port", FOR_ALL, "PORT", "port", BY(options_port),
     "the broker's port (1883, with TLS 8883)"},
    {NULL, "--unix", FOR_ALL, "PATH", "socket path", SET(client.unix_path),
     "connect through a Unix socket instead"},
    {"-L", "--url", FOR_ALL, "URL", "URL", BY(topic_option_url),
     "mqtt[s]://[user[:password]@]host[:port]/topic, all in one"},
    {"-u", "--username", FOR_ALL, "NAME", "username", SET(user_name),
     "user name"},
    {"-P", "--pw", FOR_ALL, "PASSWORD", "password", SET(password), "password"},
    {"-i", "--id", FOR_ALL, "ID", "id", BY(take_id),
     "client id (the broker chooses one)"},
    {"-I", "--id-prefix", FOR_ALL, "PREFIX", "id prefix", BY(take_id_prefix),
     "client id: PREFIX and the process id"},
    {"-c", "--disable-clean-session", FOR_ALL, NULL, NULL,
     BY(take_keep_session),
     "keep the session when the connection ends; needs -i"},
    {"-x", NULL, FOR_ALL, "SECONDS", "session expiry interval", BY(take_expiry),
     "how long the session is kept, -1 for ever; 5.0"},
    {"-k", "--keepalive", FOR_ALL, "SECONDS", "keepalive", BY(take_keep_alive),
     "keep alive, 5 to 65535 (60)"},
    {"-V", "--protocol-version", FOR_ALL, "VERSION", "version",
     BY(take_version), "31, 311 or 5, with or without mqttv before it (311)"},
    {"-A", NULL, FOR_ALL, "ADDRESS", "address", SET(client.bind_address),
     "the address to connect from"},
    {NULL, "--nodelay", FOR_ALL, NULL, NULL, SET(client.no_delay),
     "send small packets at once"},
    {"-M", NULL, FOR_ALL, "COUNT", "max_inflight", BY(take_window),
     "messages of QoS 1 and 2 under way at once (20)"},

    {"-t", "--topic", FOR_SENDERS, "TOPIC", "topic", BY(topic_option_topic),
     "where to publish"},
    {"-e", NULL, FOR_RR, "TOPIC", "response topic", BY(topic_option_response),
     "where the response comes"},
    {"-m", "--message", FOR_SENDERS, "TEXT", "message", BY(take_message),
     "publish TEXT"},
    {"-f", "--file", FOR_SENDERS, "FILE", "file", BY(take_file),
     "publish the contents of FILE"},
    {"-s", "--stdin-file", FOR_SENDERS, NULL, NULL, BY(take_stdin),
     "publish all of standard input as one message"},
    {"-l", "--stdin-line", FOR_PUB, NULL, NULL, BY(take_lines),
     "publish each line of standard input"},
    {"-n", "--null-message", FOR_SENDERS, NULL, NULL, BY(take_empty),
     "publish an empty message"},
    {"-q", "--qos", FOR_SENDERS, "QOS", "QoS", BY(take_qos),
     "quality of service: 0, 1 or 2 (0)"},
    {"-r", "--retain", FOR_PUB, NULL, NULL, SET(retain),
     "have the broker keep the message for later subscribers"},
    {NULL, "--repeat", FOR_PUB, "COUNT", "count", BY(take_repeat),
     "publish it COUNT times"},
    {NULL, "--repeat-delay", FOR_PUB, "SECONDS", "time", BY(take_repeat_delay),
     "wait as long between two of them (0)"},

    {"-t", "--topic", FOR_SUB, "FILTER", "topic", BY(topic_option_topic),
     "what to subscribe to; may be given again"},
    {"-q", "--qos", FOR_SUB, "QOS", "QoS", BY(take_qos),
     "highest quality of service: 0, 1 or 2 (0)"},
    {"-T", "--filter-out", FOR_SUB, "FILTER", "topic filter",
     BY(topic_option_filter_out),
     "leave out topics that match; may be given again"},
    {"-U", "--unsubscribe", FOR_SUB, "FILTER", "unsubscribe topic",
     BY(topic_option_unsubscribe), "unsubscribe; may be given again"},
    {"-C", NULL, FOR_SUB, "COUNT", "count", BY(take_count),
     "end after COUNT messages"},
    {"-W", NULL, FOR_PRINTERS, "SECONDS", "timeout", BY(take_timeout),
     "end after SECONDS, with exit status 27"},
    {"-E", NULL, FOR_SUB, NULL, NULL, SET(exit_after_subscribe),
     "end when the subscription is acknowledged"},
    {"-v", "--verbose", FOR_PRINTERS, NULL, NULL, SET(verbose),
     "print the topic before each message"},
    {"-F", NULL, FOR_PRINTERS, "FORMAT", "format", BY(take_format),
     "print as FORMAT says; see below"},
    {NULL, "--pretty", FOR_PRINTERS, NULL, NULL, SET(pretty),
     "spread JSON output over lines"},
    {"-N", NULL, FOR_PRINTERS, NULL, NULL, SET(no_end_of_line),
     "print no end of line after a message"},
    {"-w", "--watch", FOR_SUB, NULL, NULL, SET(watch),
     "print each topic on a line of its own of a cleared screen"},
    {NULL, "--message-rate", FOR_SUB, NULL, NULL, SET(message_rate),
     "print how many messages come in each second instead"},
    {"-R", NULL, FOR_PRINTERS, NULL, NULL, BY(take_no_retained),
     "leave out retained messages"},
    {NULL, "--retained-only", FOR_SUB, NULL, NULL, SET(only_retained),
     "retained messages only; ends at the first other one"},
    {NULL, "--latency", FOR_RR, NULL, NULL, BY(take_latency),
     "print how long the response took"},
    {NULL, "--remove-retained", FOR_SUB, NULL, NULL, SET(remove_retained),
     "clear the retained messages that come"},
    {NULL, "--retain-as-published", FOR_SUB, NULL, NULL,
     SET(retain_as_published), "keep the retain flag of live messages; 5.0"},
    {NULL, "--retain-handling", FOR_PRINTERS, "WHEN", "option",
     BY(take_retain_handling),
     "send retained messages always, new or never; 5.0"},
    {NULL, "--random-filter", FOR_SUB, "PERCENT", "chance", BY(take_random),
     "print only so many of the messages, by chance"},

    {NULL, "--cafile", FOR_ALL, "FILE", "file", SET(tls.ca_file),
     "TLS: trust the CAs in FILE"},
    {NULL, "--capath", FOR_ALL, "FOLDER", "directory", SET(tls.ca_folder),
     "TLS: trust the CAs in FOLDER"},
    {NULL, "--tls-use-os-certs", FOR_ALL, NULL, NULL, SET(tls.system_cas),
     "TLS: trust the operating system's CAs"},
    {NULL, "--cert", FOR_ALL, "FILE", "file", SET(tls.cert_file),
     "our certificate, if the broker asks for one"},
    {NULL, "--key", FOR_ALL, "FILE", "file", SET(tls.key_file), "its key"},
    {NULL, "--keyform", FOR_ALL, "FORM", "keyform", SET(keyform),
     "the form of the key: pem"},
    {NULL, "--no-tls", FOR_ALL, NULL, NULL, SET(no_tls),
     "no TLS, whatever else is said, as in a file of options"},
    {NULL, "--insecure", FOR_ALL, NULL, NULL, SET(insecure),
     "do not check that the broker's certificate is for HOST"},
    {NULL, "--tls-version", FOR_ALL, "VERSION", "version",
     BY(tls_option_version), "the lowest: tlsv1.2 or tlsv1.3 (tlsv1.2)"},
    {NULL, "--tls-alpn", FOR_ALL, "NAME", "protocol", SET(tls.alpn),
     "the protocol to ask for by ALPN, as mqtt"},
    {NULL, "--ciphers", FOR_ALL, "LIST", "ciphers", SET(tls.ciphers),
     "ciphers for TLS 1.2, in OpenSSL's words"},
    {NULL, "--ciphers-tls1.3", FOR_ALL, "LIST", "ciphers",
     SET(tls.ciphersuites), "ciphers for TLS 1.3 (not mosquitto's)"},
    {NULL, "--psk", FOR_ALL, "HEX", "key", SET(psk_text),
     "TLS with this key, which both sides know, in place of certificates"},
    {NULL, "--psk-identity", FOR_ALL, "NAME", "identity", SET(tls.psk_identity),
     "who has the key"},
    {NULL, "--tls-keylog", FOR_ALL, "FILE", "file", SET(tls.keylog_file),
     "add the connection's secrets to FILE, for Wireshark to read along"},
    {NULL, "--tls-engine", FOR_ALL, "ENGINE", "engine_id",
     BY(tls_option_engine), "refused: OpenSSL 3 has no engines"},
    {NULL, "--tls-engine-kpass-sha1", FOR_ALL, "SHA1", "kpass sha1",
     BY(tls_option_engine), "refused, too"},

    {NULL, "--will-topic", FOR_ALL, "TOPIC", "will topic",
     BY(topic_option_will), "where the broker publishes when we are lost"},
    {NULL, "--will-payload", FOR_ALL, "TEXT", "will payload", SET(will_payload),
     "what it publishes (an empty message)"},
    {NULL, "--will-qos", FOR_ALL, "QOS", "will QoS", BY(take_will_qos),
     "its quality of service (0)"},
    {NULL, "--will-retain", FOR_ALL, NULL, NULL, SET(will.retain),
     "have it kept for later subscribers"},
    {"-o", NULL, FOR_ALL, "FILE", "options file", BY(take_options_file),
     "take options from FILE, one on a line, before all others"},
    {"-d", "--debug", FOR_ALL, NULL, NULL, SET(debug), "tell of each packet"},
    {NULL, "--quiet", FOR_ALL, NULL, NULL, SET(quiet), "do not tell of errors"},

    REFUSED("--proxy", "URL", "proxy url"),
    REFUSED("--ws", NULL, NULL),
    REFUSED("-S", NULL, NULL),
};

const struct option_row *options_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

static bool name_is(const char *name, const char *given)
{
    return name != NULL && strcmp(name, given) == 0;
}

const struct option_row *options_find(enum arguments_command command,
                                      const char *name)
{
    const struct option_row *row;
    for (size_t i = 0; (row = options_at(i)) != NULL; i++) {
        if ((row->users >> command & 1) == 0) continue;
        if (name_is(row->brief, name) || name_is(row->full, name)) return row;
    }
    return NULL;
}
