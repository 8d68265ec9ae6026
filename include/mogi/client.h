/* client.h - an MQTT client with a socket: tiny.h, a network, and patience.
 *
 *     struct mogi_client_options options = mogi_client_defaults();
 *     options.connect.client_id = mogi_text("lamp");
 *     struct mogi_client *client = mogi_client_new(&options);
 *     struct mogi_event event;
 *     while (mogi_client_next(client, -1, &event) == MOGI_OK) {
 *         if (event.kind == MOGI_CONNECTED) {
 *             mogi_client_subscribe_text(client, "house/#", 1);
 *         } else if (event.kind == MOGI_MESSAGE) {
 *             ... event.message.topic, event.message.payload ...
 *         }
 *     }
 *     mogi_client_free(client);
 *
 * One function gives one event after the other and does all the work meanwhile:
 * connecting, also after a lost connection, sending, receiving, keep alive.
 * Messages of QoS 1 and 2 survive lost connections; subscriptions live in the
 * server's session: subscribe on every MOGI_CONNECTED without session_present.
 *
 * A client may be used by one thread at a time. No function sends or receives
 * but mogi_client_open, _next, _flush, _close, and _publish when it is full.
 */
#ifndef MOGI_CLIENT_H
#define MOGI_CLIENT_H

#include "mogi/tiny.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mogi_client;

/* How much of the server's certificate must be right. */
enum mogi_tls_check {
    MOGI_TLS_CHECK_ALL,    /* a trusted CA, the dates, the host's name */
    MOGI_TLS_CHECK_CHAIN,  /* not the name: any server of that CA will do */
    MOGI_TLS_CHECK_NOTHING /* anybody on the way can be the server: for tests */
};

enum mogi_tls_version { MOGI_TLS_ANY, MOGI_TLS_12, MOGI_TLS_13 };

/* TLS, with OpenSSL. Zeroed, it trusts the operating system's CAs and gives no
 * certificate. Files are PEM, and are read at each connect; but a session that
 * is taken up again keeps the certificates that it began with.
 *
 *     struct mogi_tls tls = {.ca_file = "ca.crt"};
 *     options.tls = &tls;
 */
struct mogi_tls {
    const char *ca_file;   /* the CAs to trust */
    const char *ca_folder; /* the same, as `openssl rehash` lays it out */
    bool system_cas;       /* the system's as well; they are taken anyway when
                              no other CA and no psk is given */
    const char *cert_file; /* our certificate, and those between it and its CA;
                              NULL: none */
    const char *key_file;  /* its key; NULL: it stands in cert_file */
    /* Asked for the password of an encrypted key, in the call that connects:
     * writes at most `size` bytes, without a NUL, and returns their number, or
     * -1. NULL: an encrypted key is an error. */
    int (*key_password)(void *context, char *text, int size);
    void *key_password_context;
    enum mogi_tls_check check;
    enum mogi_tls_version version_min; /* MOGI_TLS_ANY: 1.2 */
    const char *ciphers;      /* for 1.2, in OpenSSL's words; NULL: its own */
    const char *ciphersuites; /* for 1.3 */
    const char *alpn;         /* a protocol to ask for, "mqtt"; NULL: none */
    const char *host_name;    /* what the certificate must be for, and what SNI
                                 says; NULL or "": the host */
    /* A pre-shared key instead of certificates: 1 to 512 bytes, and who we are.
     * A server that answers with a certificate is not accepted, unless a CA
     * above is trusted. */
    struct mogi_bytes psk;
    const char *psk_identity;
    /* Where the secrets of each connection are added, for Wireshark and the
     * like: who reads it reads all that was said. NULL: nowhere. */
    const char *keylog_file;
};

/* What was wrong with TLS: behind MOGI_ERROR_TLS, and MOGI_ERROR_TIMEOUT. */
enum mogi_tls_trouble {
    MOGI_TLS_FINE,       /* nothing, or it had to do with something else */
    MOGI_TLS_SETUP,      /* a file or an option of struct mogi_tls */
    MOGI_TLS_NOT_SPOKEN, /* no TLS came back: is it the right port? */
    MOGI_TLS_UNTRUSTED,  /* none of our CAs stands behind the certificate */
    MOGI_TLS_EXPIRED,    /* it is out of its dates, or our clock is wrong */
    MOGI_TLS_WRONG_HOST, /* it is for other names than the host's */
    MOGI_TLS_REVOKED,    /* its CA has called it back */
    MOGI_TLS_REFUSED,    /* the server does not accept us */
    MOGI_TLS_BROKEN      /* all else */
};

struct mogi_client_options {
    const char *host;            /* a name or an address; NULL: "localhost" */
    const char *unix_path;       /* a Unix socket, instead of host and port */
    const char *bind_address;    /* our side; NULL: any */
    const struct mogi_tls *tls;  /* copied as all else; NULL: no TLS */
    uint16_t port;               /* 0: 1883, with TLS 8883 */
    bool no_delay;               /* do not wait to fill packets */
    bool no_reconnect;           /* a lost connection stays lost */
    uint32_t connect_timeout_ms; /* for each address of the host, and as long
                                    again for TLS; 0: 10 s */
    uint32_t answer_timeout_ms;  /* for CONNACK; 0: 60 s */
    uint32_t reconnect_min_ms;   /* first pause; doubles; 0: 1 s */
    uint32_t reconnect_max_ms;   /* 0: 30 s */
    uint16_t inflight_max; /* QoS 1, 2 messages and subscriptions under way;
                              0: 20 */
    uint16_t receive_max;  /* told to a 5.0 server; 0: 20 */
    size_t output_max;     /* bytes of QoS 0 that may wait to leave, unless one
                              message alone is larger; 0: 1 MiB */
    struct mogi_connect connect;
    mogi_trace trace; /* sees every packet; may be NULL */
    void *trace_context;
};

/* localhost, MQTT 3.1.1, a clean session, keep alive 60 s, no TLS. */
struct mogi_client_options mogi_client_defaults(void);

/* A client that is not connected yet. All of `options` is copied. NULL: out of
 * memory. Freed with mogi_client_free. */
struct mogi_client *mogi_client_new(const struct mogi_client_options *options);

/* Close the connection, if any, without DISCONNECT: the server publishes the
 * will. NULL is fine. */
void mogi_client_free(struct mogi_client *c);

/* Connect now: wait for the network, not for MOGI_CONNECTED. mogi_client_next
 * does it by itself; this is for who wants to know why it fails.
 *
 * MOGI_OK, or
 * MOGI_ERROR_STATE      it is connected already
 * MOGI_ERROR_HOST       the name has no address
 * MOGI_ERROR_NETWORK    see mogi_client_error
 * MOGI_ERROR_TIMEOUT    no address answered in connect_timeout_ms
 * MOGI_ERROR_TLS        the same, and mogi_client_tls_trouble
 * MOGI_ERROR_ARGUMENT   the options' `connect` cannot be sent
 * MOGI_ERROR_MEMORY */
enum mogi_error mogi_client_open(struct mogi_client *c);

/* Work until something happens, or for `timeout_ms` (-1: for ever; 0: only what
 * needs no waiting). A signal ends the wait as well.
 *
 *   event  receives what happened; MOGI_NOTHING when nothing did. Its bytes are
 *          valid until the next call with this client
 *
 * MOGI_LOST tells of a broken connection or a failed attempt: event->error says
 * why, mogi_client_error in words; after event->wait_ms the next call tries
 * again. So do MOGI_REFUSED and MOGI_DISCONNECTED, but not when another client
 * has taken the session over.
 *
 * MOGI_OK, or
 * MOGI_ERROR_STATE   there is no connection, and none is wanted
 * MOGI_ERROR_MEMORY  a message does not fit memory; the connection is closed */
enum mogi_error mogi_client_next(struct mogi_client *c, int timeout_ms,
                                 struct mogi_event *event);

/* Queue a message; see mogi_tiny_publish. `packet_id` may be NULL. Before
 * connecting QoS 1 and 2 are kept.
 *
 * MOGI_OK, or
 * MOGI_ERROR_FULL    inflight_max or output_max is reached; call
 *                    mogi_client_next and try again
 * MOGI_ERROR_MEMORY
 * MOGI_ERROR_TOO_LARGE, MOGI_ERROR_ARGUMENT, MOGI_ERROR_UNSUPPORTED,
 * MOGI_ERROR_STATE   as mogi_tiny_publish */
enum mogi_error mogi_client_publish(struct mogi_client *c,
                                    const struct mogi_message *m,
                                    uint16_t *packet_id);

/* The same for two C strings. */
enum mogi_error mogi_client_publish_text(struct mogi_client *c,
                                         const char *topic, const char *text,
                                         unsigned qos, bool retain);

/* Queue SUBSCRIBE, UNSUBSCRIBE. Errors are those of mogi_tiny_subscribe, and
 * MOGI_ERROR_MEMORY. The last is for one filter without properties. */
enum mogi_error mogi_client_subscribe(struct mogi_client *c,
                                      const struct mogi_filter *filters,
                                      size_t count,
                                      struct mogi_bytes properties,
                                      uint16_t *packet_id);
enum mogi_error mogi_client_unsubscribe(struct mogi_client *c,
                                        const struct mogi_bytes *filters,
                                        size_t count,
                                        struct mogi_bytes properties,
                                        uint16_t *packet_id);
enum mogi_error mogi_client_subscribe_text(struct mogi_client *c,
                                           const char *filter, unsigned qos);

/* Say DISCONNECT, see that it and all before it leaves, close. Waits at most
 * `timeout_ms`. The client does not connect again by itself. `reason` and
 * `properties` as for mogi_tiny_disconnect.
 *
 * MOGI_OK, or
 * MOGI_ERROR_STATE     there is no connection
 * MOGI_ERROR_ARGUMENT  a bad reason or property: the connection stays
 * MOGI_ERROR_MEMORY    the same
 * MOGI_ERROR_TIMEOUT, MOGI_ERROR_NETWORK, MOGI_ERROR_CLOSED
 *                      closed; not all may have left */
enum mogi_error mogi_client_close(struct mogi_client *c, uint8_t reason,
                                  struct mogi_bytes properties,
                                  uint32_t timeout_ms);

/* Give the network what it takes without waiting. */
void mogi_client_flush(struct mogi_client *c);

/* For a loop of the caller's own, once mogi_client_next(c, 0, ...) has said
 * MOGI_NOTHING: the socket, -1 when there is none; whether to wait until it can
 * be read or written; in how many milliseconds to call mogi_client_next at the
 * latest, UINT32_MAX: not needed. */
int mogi_client_fd(const struct mogi_client *c);
bool mogi_client_wants_read(const struct mogi_client *c);
bool mogi_client_wants_write(struct mogi_client *c);
uint32_t mogi_client_wait_ms(const struct mogi_client *c);

/* Has the server accepted us? */
bool mogi_client_is_connected(const struct mogi_client *c);

/* Nothing waits to leave? */
bool mogi_client_is_flushed(struct mogi_client *c);

/* QoS 1 and 2 messages and subscriptions not answered yet. */
size_t mogi_client_unsettled(const struct mogi_client *c);

/* What went wrong last: a sentence without full stop, valid until the next
 * call; "" when nothing did. */
const char *mogi_client_error(const struct mogi_client *c);

/* What was wrong with TLS at the last attempt to connect, or when the
 * connection broke. */
enum mogi_tls_trouble mogi_client_tls_trouble(const struct mogi_client *c);

/* Did this connection go on with the TLS session of the one before, without a
 * full handshake? */
bool mogi_client_tls_is_resumed(const struct mogi_client *c);

#ifdef __cplusplus
}
#endif
#endif
