/* welcome.h - the first lines of a broker's log: where it listens, and what a
 * newcomer may type next.
 */
#ifndef MOGI_BROKER_WELCOME_H
#define MOGI_BROKER_WELCOME_H

#include "base/log.h"
#include "broker/ports.h"
#include "broker/settings.h"

/* Say to `log` what `ports` are open, and how to try the first of them that
 * needs no certificates. */
void welcome_say(struct log *log, const struct ports *ports,
                 const struct settings *settings);

#endif
