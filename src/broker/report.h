/* report.h - lines for the operator, gathered to be shown together. */
#ifndef MOGI_BROKER_REPORT_H
#define MOGI_BROKER_REPORT_H

#include <stddef.h>

enum {
    /* What comes beyond is counted, not kept. */
    REPORT_LINES_MAX = 100,
    REPORT_LINE_BYTES_MAX = 600
};

/* All zero is an empty one. */
struct report {
    char **lines;
    size_t count; /* of lines kept */
    size_t lost;  /* beyond REPORT_LINES_MAX */
};

/* Add a line, made as by printf, without line feed; what is longer than
 * REPORT_LINE_BYTES_MAX is cut. */
void report_add(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Forget all lines. */
void report_fini(struct report *report);

#endif
