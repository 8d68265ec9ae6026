/* format_json.h - a message as a JSON object, as mosquitto_sub 2.1 has it: %j
 * and %J of format.h.
 *
 *     {"tst":"...","topic":"t","qos":1,"retain":false,"payloadlen":2,"mid":7,
 *      "properties":{"user-properties":[{"k":"v"},...],...},"payload":"hi"}
 */
#ifndef MOGI_CLI_FORMAT_JSON_H
#define MOGI_CLI_FORMAT_JSON_H

#include "mogi/tiny.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Print `m`, which came at `now`, with its payload as a string, or, `raw`, as
 * the JSON that it is.
 *
 *   pretty  spread over lines
 *
 * False: `raw`, and the payload is no JSON: nothing is printed. */
bool format_json(FILE *to, bool pretty, bool raw, const struct mogi_message *m,
                 const struct timespec *now);

#endif
