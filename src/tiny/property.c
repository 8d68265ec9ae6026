/* property.c - the public face of wire/properties.h. */
#include "mogi/tiny.h"
#include "tiny/engine.h"
#include "wire/properties.h"

/* The largest number of a kind; 0 for kinds that are no numbers. */
static uint32_t number_max(enum property_kind kind)
{
    switch (kind) {
    case PROPERTY_KIND_U8: return UINT8_MAX;
    case PROPERTY_KIND_U16: return UINT16_MAX;
    case PROPERTY_KIND_U32: return UINT32_MAX;
    case PROPERTY_KIND_VARINT: return VARINT_MAX;
    default: return 0;
    }
}

static struct writer properties_writer(const struct mogi_properties *p)
{
    return writer_at(p->data + p->used, p->size - p->used);
}

static enum mogi_error properties_written(struct mogi_properties *p,
                                          const struct writer *w)
{
    if (w->failed) return MOGI_ERROR_TOO_LARGE;
    p->used += writer_bytes(w).size;
    return MOGI_OK;
}

enum mogi_error mogi_put_number(struct mogi_properties *p,
                                enum mogi_property_id id, uint32_t value)
{
    uint32_t max = number_max(property_kind((uint32_t)id));
    if (max == 0 || value > max) return MOGI_ERROR_ARGUMENT;
    struct writer w = properties_writer(p);
    property_write_number(&w, (enum property_id)id, value);
    return properties_written(p, &w);
}

enum mogi_error mogi_put_text(struct mogi_properties *p,
                              enum mogi_property_id id, struct mogi_bytes text)
{
    enum property_kind kind = property_kind((uint32_t)id);
    if (kind != PROPERTY_KIND_STRING && kind != PROPERTY_KIND_BINARY) {
        return MOGI_ERROR_ARGUMENT;
    }
    if (text.size > BINARY_SIZE_MAX) return MOGI_ERROR_ARGUMENT;
    struct writer w = properties_writer(p);
    property_write_text(&w, (enum property_id)id, engine_bytes(text));
    return properties_written(p, &w);
}

enum mogi_error mogi_put_user(struct mogi_properties *p, struct mogi_bytes key,
                              struct mogi_bytes value)
{
    if (key.size > BINARY_SIZE_MAX || value.size > BINARY_SIZE_MAX) {
        return MOGI_ERROR_ARGUMENT;
    }
    struct writer w = properties_writer(p);
    property_write_user(&w, engine_bytes(key), engine_bytes(value));
    return properties_written(p, &w);
}

bool mogi_property_next(struct mogi_bytes *region, struct mogi_property *p)
{
    struct reader at = reader_of(engine_bytes(*region));
    struct property property;
    if (!property_next(&at, &property)) return false;
    p->id = (enum mogi_property_id)property.id;
    p->number = property.number;
    p->key = engine_view(property.key);
    p->text = engine_view(property.text);
    *region = (struct mogi_bytes){at.at, reader_left(&at)};
    return true;
}

bool mogi_property_find(struct mogi_bytes region, enum mogi_property_id id,
                        struct mogi_property *p)
{
    struct mogi_property property;
    while (mogi_property_next(&region, &property)) {
        if (property.id != id) continue;
        *p = property;
        return true;
    }
    return false;
}
