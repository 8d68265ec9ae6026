#include "tiny/region.h"

#include "base/cursor.h"

/* properties_decode wants the region's length before it, where the caller has
 * none: so each property is judged by itself, and the values are gathered from
 * those that matter here. */
static bool property_read(const struct property *property, unsigned where,
                          struct properties *values)
{
    if (!property_allowed(property->id, where)) return false;
    bool again = (values->present >> property->id & 1) != 0;
    if (again && property->id != PROPERTY_USER) return false;
    values->present |= (uint64_t)1 << property->id;
    switch (property->id) {
    case PROPERTY_TOPIC_ALIAS:
        values->topic_alias = property->number;
        return property->number != 0;
    case PROPERTY_RECEIVE_MAX:
        values->receive_max = property->number;
        return property->number != 0;
    case PROPERTY_PACKET_SIZE_MAX:
        values->packet_size_max = property->number;
        return property->number != 0;
    case PROPERTY_TOPIC_ALIAS_MAX:
        values->topic_alias_max = property->number;
        return true;
    default: return true;
    }
}

bool region_read(struct bytes region, unsigned where, struct properties *values)
{
    *values = PROPERTIES_NONE;
    values->raw = region;
    if (region.size > VARINT_MAX) return false;
    struct reader at = reader_of(region);
    struct property property;
    while (property_next(&at, &property)) {
        if (!property_read(&property, where, values)) return false;
    }
    return !at.failed;
}
