/* report.c - see report.h. */
#include "broker/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_add(struct report *report, const char *format, ...)
{
    char line[REPORT_LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (report->lines == NULL) {
        report->lines = calloc(REPORT_LINES_MAX, sizeof *report->lines);
    }
    char *copy = report->lines == NULL || report->count == REPORT_LINES_MAX
                     ? NULL
                     : strdup(line);
    if (copy == NULL) {
        report->lost++;
        return;
    }
    report->lines[report->count++] = copy;
}

void report_fini(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->lines[i]);
    free(report->lines);
    *report = (struct report){0};
}
