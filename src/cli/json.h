/* json.h - JSON as mosquitto_sub prints it: RFC 8259, checked, laid out anew.
 */
#ifndef MOGI_CLI_JSON_H
#define MOGI_CLI_JSON_H

#include "base/bytes.h"

#include <stdio.h>

/* Print `text` as a JSON string. Bytes that are no UTF-8 are passed on. */
void json_print_string(FILE *to, struct bytes text);

/* Is `text` one JSON value, white space around it allowed? */
bool json_valid(struct bytes text);

/* Print the value that `text` is: without white space or, `pretty`, spread over
 * lines, with its first line at `depth` tabs. Numbers are written in their
 * shortest form that is the same double. `text` is json_valid. */
void json_print(FILE *to, struct bytes text, bool pretty, unsigned depth);

#endif
