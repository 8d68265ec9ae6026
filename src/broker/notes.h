/* notes.h - the notes of shards, put into the log. */
#ifndef MOGI_BROKER_NOTES_H
#define MOGI_BROKER_NOTES_H

#include "base/log.h"
#include "core/actions.h"
#include "net/address.h"

/* Write the NOTE `action` of `actions`; `peer` (or NULL) is whom it is about.
 * Each kind of note is limited in its rate by the log. */
void notes_write(struct log *log, const struct actions *actions,
                 const struct action *action, const struct address *peer);

#endif
