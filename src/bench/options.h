/* options.h - what `mogi bench` was asked to do.
 *
 *     mogi bench MODE [OPTION]...
 *
 * The options answer to the names that emqtt-bench and mqttx bench gave them;
 * docs/man/mogi-bench.1 is the manual for users.
 */
#ifndef MOGI_BENCH_OPTIONS_H
#define MOGI_BENCH_OPTIONS_H

#include "wire/packet.h"

#include <stdio.h>

enum bench_mode {
    BENCH_PUB,     /* publishers alone */
    BENCH_SUB,     /* subscribers to what others publish */
    BENCH_FANIN,   /* many publishers, one subscriber */
    BENCH_FANOUT,  /* one publisher, many subscribers */
    BENCH_PAIRS,   /* each publisher has a subscriber of its own */
    BENCH_LATENCY, /* pairs at a steady rate */
    BENCH_CONN,    /* connections that do nothing */
    BENCH_FILTERS, /* many subscriptions */
    BENCH_RETAIN,  /* many retained messages */
    BENCH_QUEUE,   /* messages for clients that are away */
    BENCH_SHARE,   /* many publishers, one shared subscription */
    BENCH_MODE_COUNT,
};

enum {
    BENCH_CLIENTS_MAX = 1000000,
    BENCH_THREADS_MAX = 64,
    BENCH_SIZE_MIN = 20, /* what proves that a payload is ours */
    BENCH_SIZE_MAX = 16 * 1024 * 1024,
    BENCH_INFLIGHT_MAX = 60000, /* below the number of packet ids */
    BENCH_RATE_MAX = 100000000,
};

struct bench_options {
    enum bench_mode mode;
    const char *host; /* all texts are borrowed from argv */
    const char *port;
    const char *topic;  /* NULL: the mode's own; %i is replaced by a number */
    const char *prefix; /* of client ids; NULL: made of the process's number */
    const char *user;
    const char *password; /* %i is replaced in both */
    uint32_t version;     /* 3, 4, 5, or as mqttx writes it; see protocol */
    enum protocol protocol;
    uint32_t qos;
    uint32_t clients;      /* of the mode's many side */
    uint32_t others;       /* of its other side: fanin, fanout, share, queue */
    uint32_t size;         /* of a payload, bytes */
    uint64_t limit;        /* messages, or filters, in all; 0: by time */
    uint32_t duration_s;   /* 0: by number */
    uint32_t rate;         /* messages a second in all; 0: as fast as may be */
    uint32_t interval_ms;  /* of one publisher's messages: a rate as well */
    uint32_t connect_rate; /* connections a second; 0: as fast as may be */
    uint32_t inflight;     /* messages of one publisher under way; 0: no end */
    uint32_t threads;
    uint32_t keepalive_s;
    uint32_t hold_s;     /* conn: how long they stay */
    uint32_t timeout_s;  /* without any progress, what is missing is lost */
    uint32_t pid;        /* of the broker; 0: not known */
    const char *ca_file; /* TLS; NULL: the system's CAs */
    const char *cert_file;
    const char *key_file;
    const char *ciphers;
    const char *alpn;
    const char *tls_version; /* the lowest: NULL, "tlsv1.2" or "tlsv1.3" */
    const char *psk;         /* in hexadecimal */
    const char *psk_identity;
    bool tls;      /* any of the above, or --tls, was given */
    bool insecure; /* believe any certificate */
    bool persistent;
    bool retain;
    bool json;
    bool quiet; /* no progress line */
    bool spin;  /* never sleep */
    bool help;
};

/* Read the arguments: argv[0] is "bench", argv[1] the mode.
 *
 *   o       receives everything, defaults included; borrows from argv
 *   errors  where to say what is wrong
 *
 * OK, or ERR_CONFIG after one line on `errors`. With o->help set nothing else
 * need be there. */
MUST_USE
enum err bench_options_parse(int argc, char **argv, struct bench_options *o,
                             FILE *errors);

/* Print what the options are. */
void bench_options_help(FILE *to);

/* "pub" ... "share"; static memory. */
const char *bench_mode_name(enum bench_mode mode);

#endif
