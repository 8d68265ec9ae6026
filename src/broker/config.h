/* config.h - all that an operator can set, from every place it can be set in.
 *
 *     default  <  file  <  environment  <  command line
 *                 key value   MOGI_KEY=value   --key value, --key=value
 *
 * The dialect is that of mosquitto.conf; keys.h has the list. Nothing stops at
 * the first mistake: all are reported together, each with its place.
 */
#ifndef MOGI_BROKER_CONFIG_H
#define MOGI_BROKER_CONFIG_H

#include "base/err.h"
#include "base/log.h"
#include "broker/config_listener.h"
#include "broker/report.h"
#include "core/options.h"
#include "net/address.h"
#include "net/network.h"

enum {
    CONFIG_UMASK_OWN = 01000,
    CONFIG_LISTENERS_MAX = 32,
    CONFIG_NETWORKS_MAX = 32,
    CONFIG_INCLUDE_DEPTH_MAX = 8,
    CONFIG_LINE_BYTES_MAX = 4096
};

struct config {
    struct options options;

    /* Listeners. */
    struct config_listener listeners[CONFIG_LISTENERS_MAX];
    size_t listener_count;
    enum config_rank listener_rank;
    struct config_listener common; /* of `port`, and what holds for all */
    bool port_open; /* `port` is for everybody, not for this machine only */
    bool port_set;
    bool per_listener;        /* a struct config_entry for each listener */
    bool entry_set;           /* a key of struct config_entry was there */
    bool bridge_set;          /* a `connection` line was there */
    uint32_t max_connections; /* on all listeners together; 0: no limit */
    uint32_t tls_handshake_timeout_s;

    /* Logins. */
    uint32_t auth_cache_s;      /* 0: no cache */
    uint32_t auth_ban_attempts; /* 0: nobody is banned */
    uint32_t auth_ban_window_s;
    uint32_t auth_ban_s;

    struct network proxy_trusted[CONFIG_NETWORKS_MAX]; /* proxies are there */
    size_t proxy_trusted_count;                        /* 0: on this machine */
    enum config_rank proxy_trusted_rank;
    uint32_t proxy_timeout_s;
    uint32_t max_connections_per_address; /* 0: half of all; DOOR_ANY: none */
    uint32_t max_connections_per_user;
    uint32_t connect_rate_per_address;
    uint32_t retained_limit;       /* of all threads together; 0: none */
    uint64_t retained_bytes_limit; /* likewise */

    /* Process. */
    uint32_t threads; /* 0: one for each processor */
    uint64_t memory_limit;
    char pid_file[CONFIG_TEXT_MAX];
    char user[64];  /* to work as, when root starts it; "": mogi, if there */
    uint32_t umask; /* of files that are made; CONFIG_UMASK_OWN: as it is, and
                     * nothing for others */
    bool daemon;
    bool verbose;
    char persistence_location[CONFIG_TEXT_MAX];
    bool persistence_recover;
    uint64_t persistence_quota; /* bytes; 0: none */
    uint64_t durability;        /* enum wal_durability */
    uint16_t receive_maximum;   /* 0: as max_inflight_messages */

    /* Log. */
    bool log_stderr, log_stdout, log_syslog, log_none;
    char log_file[CONFIG_TEXT_MAX];
    enum config_rank log_dest_rank, log_type_rank;
    unsigned log_levels;      /* a set: see base/log.h */
    uint32_t log_facility;    /* 8: daemon */
    char log_time_format[64]; /* "": ISO 8601 */
    uint64_t log_format;      /* 0: text, 1: json */
    bool log_timestamp;
    bool connection_messages;

    /* What was asked for on the command line only. */
    char file[CONFIG_TEXT_MAX];
    bool test;
    bool help;
    bool version;
    bool list; /* all keys, for a program */
};

/* Where a key was met, for messages. */
struct config_place {
    enum config_rank rank;
    const char *name; /* file, or how the key was written */
    unsigned line;    /* 0: none */
    unsigned depth;   /* of included files */
};

/* What reading brought to light. */
struct config_reports {
    struct report errors;
    struct report notes; /* for the log */
};

/* Defaults only. */
void config_init(struct config *config);

/* Read everything: `arguments` (without the program's and command's names),
 * then the file they name, the environment, and the arguments again.
 *
 * OK, or ERR_CONFIG: reports->errors says everything that is wrong. */
MUST_USE
enum err config_load(struct config *config, char **arguments, size_t count,
                     struct config_reports *reports);

/* One more listener, with the defaults, or NULL when there are too many. */
struct config_listener *config_listener_add(struct config *config);

/* What several keys say together; all listeners there are stand in
 * `config->listeners` afterwards. Once, when all keys are set. */
void config_settle(struct config *config, struct config_reports *reports);

/* How many threads serve clients. */
uint16_t config_threads(const struct config *config);

/* The memory that each of `threads` threads may use, in bytes; 0: no limit. */
size_t config_memory(const struct config *config, uint16_t threads);

/* Set `key` to `value` as met at `place`; what is wrong goes to `reports`. */
void config_set(struct config *config, const char *key, const char *value,
                const struct config_place *place,
                struct config_reports *reports);

/* An error or a note about the key at `place`. */
void config_say(struct report *report, const struct config_place *place,
                const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Say in `notes` which values of `next` differ from `now` but need a restart,
 * and put the old ones back. */
void config_keep(struct config *next, const struct config *now,
                 struct report *notes);

/* How the log is opened. */
struct log_options config_log(const struct config *config);

#endif
