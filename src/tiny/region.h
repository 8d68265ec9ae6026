/* region.h - checks the properties that a caller wants sent. MQTT 5.0, 2.2.2 */
#ifndef MOGI_TINY_REGION_H
#define MOGI_TINY_REGION_H

#include "base/bytes.h"
#include "wire/properties.h"

/* May `region`, all of it, stand in a packet of type `where` (or be
 * PROPERTIES_WILL)? The rules are those of properties_decode. `values` receives
 * what it says. */
bool region_read(struct bytes region, unsigned where,
                 struct properties *values);

#endif
