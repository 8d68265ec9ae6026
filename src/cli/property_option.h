/* property_option.h - "-D connect user-property key value": properties of
 * MQTT 5.0 on the command line. */
#ifndef MOGI_CLI_PROPERTY_OPTION_H
#define MOGI_CLI_PROPERTY_OPTION_H

#include "cli/arguments.h"

/* Take "-D command name value [value]" from argv[*index], which is the command,
 * on; leaves *index at the last word taken. False: a->error is set. */
bool property_option_take(struct arguments *a, int argc, char **argv,
                          int *index);

/* Room in `region`, whose memory is from malloc, for a property of at most
 * `size` bytes more. False: out of memory. */
bool property_option_reserve(struct mogi_properties *region, size_t size);

#endif
