/* log.h - what happened, for a human or a machine, a line each.
 *
 *     2026-11-20T07:10:34.123Z warning: client "x" of 10.0.0.7: malformed ...
 *     {"time":"2026-...","level":"warning","kind":"bad-packet","message":"..."}
 *
 * One for the process; any thread may write to it. What comes from outside may
 * stand in a message: control characters and ill-formed UTF-8 are written as
 * \xNN, so that nobody forges a line or moves a terminal's cursor. For net,
 * broker and cli only: core says what it has to say in its actions.
 *
 * A kind names a sort of line ("bad-packet"). When more than `burst` lines of
 * one kind come within a period, the rest of the period only counts them, and
 * one line then says how many were left out: before the next line of any kind,
 * or when the log is freed.
 */
#ifndef MOGI_BASE_LOG_H
#define MOGI_BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct log;

enum log_level {
    LEVEL_ERROR,
    LEVEL_WARNING,
    LEVEL_NOTICE,
    LEVEL_INFO,
    LEVEL_DEBUG
};

/* Sets of levels: one, and one with all that matter more. */
#define LOG_ONLY(level)  (1u << (level))
#define LOG_UP_TO(level) ((2u << (level)) - 1)

struct log_options {
    unsigned levels; /* the set of those that are written */
    bool json;       /* JSON lines, not text */
    bool no_time;    /* leave the time out of text lines */
    bool to_stderr;
    bool to_stdout;
    bool to_syslog; /* as "mogi"; text without time */
    int facility;   /* of syslog: 0..7 is local0 to local7; -1: daemon */
    const char *time_format;  /* of text lines, as for strftime, in local time,
                                at most 63 bytes; copied. NULL: ISO 8601, UTC */
    const char *file;         /* a path to append to, or NULL; copied */
    unsigned burst;           /* lines of a kind per period; 0: no limit */
    unsigned period_s;        /* of the rate limit, > 0 when burst is */
    uint64_t (*now_ms)(void); /* Unix time; NULL: the system's clock */
};

/* Notice and above, as text, to stderr; 20 lines of a kind in 10 s. */
struct log_options log_defaults(void);

/* Open a log in `*out`. ERR_IO when the file cannot be opened (errno says
 * why), ERR_NO_MEMORY. Freed with log_free. */
MUST_USE
enum err log_new(const struct log_options *options, struct log **out);

/* Say how many lines are still left out, close the file, free; NULL is fine. */
void log_free(struct log *log);

/* Is a line of this level written? To spare the work of making one. */
bool log_wants(const struct log *log, enum log_level level);

/* Change the set of levels, from any thread. */
void log_set_levels(struct log *log, unsigned levels);

/* Open the file again by its name, after it was moved away. ERR_IO: it could
 * not be opened, and the old one is kept. */
MUST_USE
enum err log_reopen(struct log *log);

/* Write a line, made as by printf, of at most 2,000 bytes (what is more is cut
 * and "..." put in its place). `kind` is a constant in lower case for the rate
 * limit and JSON, or NULL for a line that is never limited. A line that cannot
 * be written is lost. */
void log_write(struct log *log, enum log_level level, const char *kind,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
