/* fault.c - see fault.h. */
#include "auth/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err fault_set(struct fault *fault, enum err e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return e;
}

void fault_prefix(struct fault *fault, const char *format, ...)
{
    char prefix[FAULT_TEXT_MAX], rest[FAULT_TEXT_MAX];
    memcpy(rest, fault->text, sizeof rest);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    size_t room = sizeof fault->text, size = strlen(prefix);
    /* A prefix that takes all the room has no use for its rest. */
    int written =
        snprintf(fault->text, room,
                 "%.*s: ", (int)(size < room - 3 ? size : room - 3), prefix);
    (void)snprintf(fault->text + written, room - (size_t)written, "%s", rest);
}
