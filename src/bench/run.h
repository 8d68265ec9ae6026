/* run.h - what the threads of one step share, and what each has.
 *
 *     main      phase ------->  thread 0: poll, connections, counters
 *      ^                        thread 1: ...
 *      +--- counters ----------
 *
 * A connection belongs to one thread, for good. Counters have one writer, so
 * plain loads and stores of atomics do; main only reads them. A sender learns
 * through its flow what has arrived, wherever its receivers live.
 */
#ifndef MOGI_BENCH_RUN_H
#define MOGI_BENCH_RUN_H

#include "bench/histogram.h"
#include "bench/packet.h"
#include "bench/plan.h"
#include "bench/poll.h"
#include "bench/schedule.h"
#include "bench/track.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum bench_phase {
    BENCH_CONNECTING,
    BENCH_SUBSCRIBING,
    BENCH_SENDING,
    BENCH_DRAINING, /* nothing new is sent */
    BENCH_CLOSING,
};

enum bench_counter {
    BENCH_CONNECTED,
    BENCH_SUBSCRIBED, /* connections that have all their filters */
    BENCH_FILTERED,   /* filters granted */
    BENCH_SENT,
    BENCH_ACKED,     /* PUBACK or PUBCOMP */
    BENCH_FINISHED,  /* senders with nothing left to do */
    BENCH_DELIVERED, /* without duplicates */
    BENCH_DUPLICATED,
    BENCH_MISORDERED,
    BENCH_FOREIGN, /* messages that this run did not send */
    BENCH_REFUSED, /* failures in CONNACK, SUBACK, PUBACK, PUBREC */
    BENCH_BROKEN,  /* connections lost */
    BENCH_COUNTER_COUNT,
};

enum { BENCH_CIPHER_SIZE = 80 };

struct tls_client_context;
struct tls_link;

/* What one source has sent and what of it has arrived. */
struct bench_flow {
    struct bench_conn *sender; /* NULL when the source is past */
    _Atomic uint32_t sent;
    _Atomic uint64_t *delivered; /* one for each thread */
    _Atomic uint64_t *seen;      /* a bit per message, when plan->once */
};

struct bench_sender {
    struct bench_template template;
    struct bench_flow *flow;
    uint64_t *outstanding; /* a bit per packet id; NULL with QoS 0 */
    uint64_t forgiven;     /* deliveries that are waited for no longer */
    uint32_t amnesty;      /* the last one that was seen */
    uint32_t unacked;
    uint32_t window; /* of unacknowledged ones */
    uint32_t due;    /* that the schedule lets go */
    uint16_t last_id;
    bool blocked; /* until something arrives or is acknowledged */
    bool asked;   /* PINGREQ behind the last message is under way */
    bool finished;
};

struct bench_conn {
    struct bench_thread *thread;
    struct tls_link *link; /* NULL: plain */
    struct bench_conn *next_ready;
    struct bench_sender *sender; /* NULL: a receiver */
    struct bench_track *tracks;  /* of a receiver, one for each it hears */
    uint8_t *partial;            /* the start of a packet */
    uint8_t *pending;            /* not yet written */
    size_t partial_size;
    size_t pending_at, pending_size, pending_capacity;
    uint64_t since_ns; /* when it began to connect */
    uint32_t index;    /* among its kind */
    uint32_t filters;  /* that it has asked for */
    int fd;            /* -1: none */
    bool ready;        /* in the thread's list */
    bool shaking;      /* hands, for TLS */
    bool talking;      /* CONNECT is written */
    bool connected;    /* CONNACK is there */
    bool watched;      /* for room to write */
};

struct bench_thread {
    struct bench_run *run;
    struct bench_poll *poll;
    struct bench_conn **conns; /* receivers first */
    struct bench_conn **paced; /* its senders, in the order of their turns */
    struct bench_conn *ready_first, *ready_last;
    uint8_t *input;
    uint8_t *output; /* for what is being made */
    uint8_t *replies;
    size_t output_size, reply_size;
    uint64_t now_ns;     /* of the last read */
    uint64_t turns;      /* of the schedule that were given */
    uint64_t arrived_ns; /* the last message or acknowledgement */
    uint64_t pinged_ns;
    struct bench_schedule schedule;
    uint32_t index;
    uint32_t conn_count, paced_count;
    uint32_t begun;         /* connections that were begun */
    enum bench_phase phase; /* that it has entered */
    uint64_t wakes;         /* a bit per thread whose senders may go on */
    pthread_t thread;
    char cipher[BENCH_CIPHER_SIZE]; /* of its first connection with TLS */
    struct bench_histogram latency; /* of messages, ns */
    struct bench_histogram connect; /* of connections, ns */
    _Atomic uint64_t counters[BENCH_COUNTER_COUNT];
};

struct bench_run {
    const struct bench_plan *plan;
    const struct bench_options *options;
    struct tls_client_context *tls; /* NULL: no TLS */
    struct sockaddr_storage address;
    socklen_t address_size;
    uint32_t tag;
    uint32_t fan; /* see bench_plan_fan */
    uint32_t thread_count;
    struct bench_thread *threads;
    struct bench_conn *conns; /* receivers, then senders */
    uint32_t conn_count;
    struct bench_flow *flows;             /* plan->sources of them */
    uint64_t phase_ns[BENCH_CLOSING + 1]; /* when each began */
    _Atomic int phase;
    _Atomic uint32_t amnesty; /* raised: forget what has not arrived */
    _Atomic bool complained;  /* a first error was printed */
    char prefix[64];
};

enum {
    BENCH_SEEN_MAX = 1 << 24,       /* messages of a source when plan->once */
    BENCH_INPUT_BYTES = 256 * 1024, /* read at once */
    BENCH_OUTPUT_BYTES = 64 * 1024, /* made at once, when packets are small */
};

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now_ns(void);

/* Add to a counter of the own thread. */
static inline void bench_count(struct bench_thread *thread,
                               enum bench_counter counter, uint64_t add)
{
    _Atomic uint64_t *at = &thread->counters[counter];
    uint64_t old = atomic_load_explicit(at, memory_order_relaxed);
    atomic_store_explicit(at, old + add, memory_order_relaxed);
}

/* Bytes of a thread's input: room for the largest packet twice. */
static inline size_t bench_input_size(const struct bench_run *run)
{
    return BENCH_INPUT_BYTES + 2 * ((size_t)run->options->size + 2048);
}

/* A counter of all threads. */
uint64_t bench_total(const struct bench_run *run, enum bench_counter counter);

/* Play one step from beginning to end.
 *
 *   run     zeroed, but for `plan`, `options`, `tag` and `prefix`; holds what
 *           was counted until bench_run_fini
 *   probe   called on the caller's thread at the borders of phases, with
 *           `context`; and now and then between them, with `within` true
 *
 * False, with a line on stderr, when it could not be begun. What went wrong
 * later is in the counters. */
bool bench_run_play(struct bench_run *run,
                    void (*probe)(void *context, const struct bench_run *run,
                                  enum bench_phase phase, bool within),
                    void *context);

/* Free what a run holds. */
void bench_run_fini(struct bench_run *run);

/* When the last message or acknowledgement of all came, ns. */
uint64_t bench_run_arrived_ns(const struct bench_run *run);

/* Say the first error of a run on stderr; later ones are only counted. */
void bench_complain(struct bench_run *run, const char *what,
                    const char *detail);

#endif
