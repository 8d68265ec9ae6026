/* aliasbook.h - topics that the server gave short names to. MQTT 5.0, 3.3.2.3.4
 *
 * Packed into the caller's memory, newest last; looked up from the front:
 *
 *     [ alias | size | topic ... ][ alias | size | topic ... ] free
 *        2       2
 */
#ifndef MOGI_TINY_ALIASBOOK_H
#define MOGI_TINY_ALIASBOOK_H

#include "base/bytes.h"
#include "mogi/tiny.h"

/* From now on `alias` means `topic`, whatever it meant before; false when the
 * memory is too small for it. */
bool aliasbook_set(struct mogi_tiny *t, uint16_t alias, struct bytes topic);

/* The topic of `alias`, until the next aliasbook_set; false: it has none. */
bool aliasbook_get(const struct mogi_tiny *t, uint16_t alias,
                   struct bytes *topic);

#endif
