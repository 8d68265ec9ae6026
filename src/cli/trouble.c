/* trouble.c - see trouble.h. */
#include "cli/trouble.h"

#include "wire/reason.h"

#include <ctype.h>
#include <stdarg.h>

enum { TEXT_SIZE = 128 };

void trouble_print(const struct arguments *a, const char *format, ...)
{
    if (a->quiet) return;
    va_list values;
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
}

int trouble_arguments(const struct arguments *a)
{
    if (a->file_at_work) {
        (void)fprintf(stderr, "In the options file %s:\n", a->file_path);
    }
    (void)fprintf(stderr, "%s\nUse 'mogi %s --help' to see usage.\n", a->error,
                  arguments_command_name(a->command));
    return STATUS_FAILED;
}

/* What to do about TLS. */
static void tls_advise(const struct arguments *a, enum mogi_tls_trouble kind)
{
    const struct mogi_client_options *o = &a->client;
    const struct mogi_tls *t = &a->tls;
    bool ca = t->ca_file != NULL || t->ca_folder != NULL;
    switch (kind) {
    case MOGI_TLS_NOT_SPOKEN:
        trouble_print(a,
                      "Does port %u speak TLS? Brokers mostly have it on port "
                      "8883 (-p), and MQTT without TLS on 1883.\n",
                      (unsigned)o->port);
        break;
    case MOGI_TLS_UNTRUSTED:
        trouble_print(a, t->psk.size > 0
                             ? "The broker does not take the pre-shared key "
                               "and shows a certificate: use --cafile instead "
                               "of --psk, or the port for keys.\n"
                         : ca ? "Is it the broker that you mean, and is "
                                "--cafile the CA that signed its "
                                "certificate?\n"
                              : "For a CA that this system does not know, give "
                                "its certificate: --cafile FILE.\n");
        break;
    case MOGI_TLS_EXPIRED:
        trouble_print(a, "Renew the broker's certificate, or set this "
                         "machine's clock.\n");
        break;
    case MOGI_TLS_WRONG_HOST:
        trouble_print(a,
                      "Connect (-h) by a name that the certificate has, or "
                      "give the broker one for '%s' ('mogi certs server %s' "
                      "makes it). --insecure does without this check.\n",
                      o->host, o->host);
        break;
    case MOGI_TLS_REFUSED:
        if (t->psk.size > 0) {
            trouble_print(a, "Check --psk and --psk-identity.\n");
        } else if (t->cert_file == NULL) {
            trouble_print(a, "If it asks for a certificate, give one that its "
                             "CA has signed: --cert and --key ('mogi certs "
                             "client NAME' makes them).\n");
        } else {
            trouble_print(a, "Is --cert signed by the CA that the broker "
                             "trusts? Its log says more.\n");
        }
        break;
    default: break;
    }
}

static int trouble_tls(const struct arguments *a, const struct mogi_client *c)
{
    enum mogi_tls_trouble kind = mogi_client_tls_trouble(c);
    if (kind == MOGI_TLS_SETUP) {
        trouble_print(a, "Error: Problem setting TLS options: %s.\n",
                      mogi_client_error(c));
        return STATUS_FAILED;
    }
    trouble_print(a, "Error: A TLS error occurred: %s.\n",
                  mogi_client_error(c));
    tls_advise(a, kind);
    return STATUS_TLS;
}

int trouble_open(const struct arguments *a, const struct mogi_client *c,
                 enum mogi_error e)
{
    const struct mogi_client_options *o = &a->client;
    if (e == MOGI_ERROR_HOST) {
        trouble_print(a,
                      "Unable to connect (Lookup error.).\nThe host '%s' was "
                      "not found: %s. Is -h right?\n",
                      o->host, mogi_client_error(c));
        return STATUS_FAILED;
    }
    if (mogi_client_tls_trouble(c) != MOGI_TLS_FINE) return trouble_tls(a, c);
    trouble_print(a, "Error: %s\n", mogi_client_error(c));
    if (e != MOGI_ERROR_NETWORK && e != MOGI_ERROR_TIMEOUT) {
        return STATUS_FAILED;
    }
    if (o->bind_address != NULL) {
        trouble_print(a,
                      "Is %s (-A) an address of this machine that reaches "
                      "the broker?\n",
                      o->bind_address);
    } else if (o->unix_path != NULL) {
        trouble_print(a, "Nothing listens on %s. Is a broker running?\n",
                      o->unix_path);
    } else {
        trouble_print(a,
                      "Nothing answers on %s port %u. Is a broker running "
                      "there? Start one with 'make run' or 'mogi broker', or "
                      "name another with -h and -p.\n",
                      o->host, (unsigned)o->port);
    }
    return STATUS_FAILED;
}

/* The sentences of MQTT 3.x; what mosquitto's clients print. */
static const char *refusal_3(uint8_t code)
{
    static const char *const texts[] = {"accepted",
                                        "unacceptable protocol version",
                                        "identifier rejected",
                                        "broker unavailable",
                                        "bad user name or password",
                                        "not authorised"};
    if (code >= sizeof texts / sizeof texts[0]) return "unknown reason";
    return texts[code];
}

/* A reason with a capital. */
static const char *reason_sentence(enum packet_type type, uint8_t code,
                                   char text[TEXT_SIZE])
{
    (void)snprintf(text, TEXT_SIZE, "%s", reason_text(type, code));
    text[0] = (char)toupper((unsigned char)text[0]);
    return text;
}

/* What the broker says in words, if it does. MQTT 5.0, 3.2.2.3.9 */
static void reason_string_print(const struct arguments *a,
                                struct mogi_bytes properties)
{
    struct mogi_property p;
    if (!mogi_property_find(properties, MOGI_REASON_STRING, &p)) return;
    trouble_print(a, "%.*s\n", (int)p.text.size, (const char *)p.text.data);
}

static void refusal_advise(const struct arguments *a, uint8_t code)
{
    switch (code) {
    case 1:
    case REASON_UNSUPPORTED_VERSION:
        trouble_print(a, "Try another version of MQTT: -V 5, -V 311 or "
                         "-V 31.\n");
        break;
    case 2:
    case REASON_CLIENT_ID_NOT_VALID:
        trouble_print(a, "Give a client id with -i.\n");
        break;
    case 4:
    case 5:
    case REASON_BAD_CREDENTIALS:
    case REASON_NOT_AUTHORIZED:
        trouble_print(a, a->user_name == NULL
                             ? "The broker wants to know who you are: give a "
                               "user name (-u) and a password (-P).\n"
                             : "Check the user name (-u), the password (-P) "
                               "and what the broker allows them.\n");
        break;
    default: break;
    }
}

int trouble_refused(const struct arguments *a, const struct mogi_event *event)
{
    char text[TEXT_SIZE];
    if (a->client.connect.version == MOGI_MQTT_50) {
        trouble_print(a, "Connection error: %s\n",
                      reason_sentence(PACKET_CONNACK, event->reason, text));
    } else {
        trouble_print(a, "Connection error: Connection Refused: %s.\n",
                      refusal_3(event->reason));
    }
    reason_string_print(a, event->properties);
    refusal_advise(a, event->reason);
    return event->reason;
}

int trouble_lost(const struct arguments *a, const struct mogi_client *c,
                 const struct mogi_event *event, bool welcome)
{
    char text[TEXT_SIZE];
    if (event->kind == MOGI_DISCONNECTED) {
        trouble_print(a, "Error: The broker disconnected us: %s.\n",
                      reason_sentence(PACKET_DISCONNECT, event->reason, text));
        reason_string_print(a, event->properties);
        return STATUS_LOST;
    }
    switch (event->error) {
    case MOGI_ERROR_PROTOCOL:
        trouble_print(a,
                      "Error: A network protocol error occurred when "
                      "communicating with the broker: %s. Is it a broker, and "
                      "of the version that -V says?\n",
                      reason_text(PACKET_DISCONNECT, event->reason));
        return STATUS_PROTOCOL;
    case MOGI_ERROR_KEEP_ALIVE:
        trouble_print(a, "Error: The broker does not answer any more.\n");
        return STATUS_KEEP_ALIVE;
    case MOGI_ERROR_TIMEOUT:
        trouble_print(a,
                      "Error: The broker does not answer. Is it one, and is "
                      "-p the port for MQTT %s TLS?\n",
                      a->client.tls == NULL ? "without" : "with");
        return STATUS_LOST;
    default:
        trouble_print(a,
                      "Error: The connection was lost: %s. The broker's "
                      "log says more.\n",
                      mogi_client_error(c));
        tls_advise(a, mogi_client_tls_trouble(c));
        if (!welcome && a->client.tls == NULL) {
            trouble_print(a,
                          "If port %u is for TLS: add --cafile FILE with the "
                          "broker's CA, or --tls-use-os-certs.\n",
                          (unsigned)a->client.port);
        }
        return STATUS_LOST;
    }
}

int trouble_publish(const struct arguments *a, enum mogi_error e)
{
    switch (e) {
    case MOGI_ERROR_UNSUPPORTED:
        if (a->qos > 0 && !a->retain) {
            trouble_print(a, "Error: Message QoS not supported on broker, try "
                             "a lower QoS.\n");
            return STATUS_QOS;
        }
        trouble_print(a, "Error: The broker does not take this message: it "
                         "allows no retained ones (-r), no such QoS (-q) or "
                         "no such topic alias.\n");
        return a->retain ? STATUS_RETAIN : STATUS_ALIAS;
    case MOGI_ERROR_TOO_LARGE:
        trouble_print(a, "Error: Message payload is too large: the broker "
                         "takes no packet of this size.\n");
        return STATUS_TOO_LARGE;
    case MOGI_ERROR_ARGUMENT:
        trouble_print(a, "Error: Invalid input. Does your topic contain '+' "
                         "or '#', or is a property wrong?\n");
        return STATUS_ARGUMENT;
    default:
        trouble_print(a, "Error: %s.\n", mogi_error_text(e));
        return STATUS_FAILED;
    }
}

void trouble_unpublished(const struct arguments *a,
                         const struct mogi_event *event)
{
    char text[TEXT_SIZE];
    trouble_print(a, "Warning: Publish %u failed: %s.\n", event->packet_id,
                  reason_sentence(PACKET_PUBACK, event->reason, text));
    reason_string_print(a, event->properties);
}
