/* words.h - an MQTT packet in words: what a play says, what a trace shows.
 *
 *     publish t/x "21.5" qos=1 pid=3     <---->     32 0b 00 03 74 2f 78 ...
 *
 * A packet here is its type and a list of named fields in their order; names
 * are those of the play language. This is the simulator's own codec, which
 * shares nothing with wire/ but the names of the types: so a mistake of the
 * one is not hidden by the same mistake in the other. It can also say what is
 * wrong: a property twice, or in a packet where it does not belong.
 */
#ifndef MOGI_SIM_WORDS_H
#define MOGI_SIM_WORDS_H

#include "base/buffer.h"
#include "wire/packet.h"

/* How a field is written down; the property kinds carry their identifier. */
enum field_kind {
    FIELD_NUMBER, /* not a property: a number of the header or payload */
    FIELD_TEXT,   /* not a property: text of the header or payload */
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_VARINT,
    FIELD_STRING, /* text or binary data */
    FIELD_PAIR    /* a name and a value, written name:value */
};

struct field_rule {
    const char *name;
    uint8_t property; /* its identifier; 0: it is none */
    enum field_kind kind;
    uint32_t types; /* bit n: packets of type n; bit 0: the will */
};

/* A play may ask for any value, or for none. */
enum field_want { WANT_EXACT, WANT_ANY, WANT_NONE };

struct field {
    const struct field_rule *rule;
    enum field_want want;
    uint32_t number;
    uint8_t *text; /* owned, from malloc */
    size_t size;
};

struct words {
    struct words *next; /* for who keeps a list of them */
    enum packet_type type;
    struct field *list; /* owned */
    size_t count, capacity;
    uint8_t *raw; /* the packet itself, as it came; owned */
    size_t raw_size;
    bool again; /* QoS 2: its receiver had it already */
};

/* A packet of `type` without fields. Never NULL. Freed with words_free. */
struct words *words_new(enum packet_type type);

/* Free it; NULL is fine. */
void words_free(struct words *words);

/* The type that `name` ("publish", "puback") means; PACKET_NONE: no such. */
enum packet_type words_type(const char *name);

/* The name of a type, in small letters; static memory. */
const char *words_type_name(enum packet_type type);

/* The field that is called `name` in packets of `type`, or NULL. */
const struct field_rule *words_rule(enum packet_type type, const char *name);

/* Is it a number (or text)? */
bool field_is_number(const struct field_rule *rule);

/* Add a field; the name must be one of the type's. */
void words_number_add(struct words *words, const char *name, uint32_t number);
void words_text_add(struct words *words, const char *name, struct bytes text);

/* Add a field whose value must be any, or absent, in a comparison. */
void words_want_add(struct words *words, const char *name,
                    enum field_want want);

/* The first field of this name, or NULL. */
const struct field *words_find(const struct words *words, const char *name);

/* Its number, or `otherwise`; its text, or nothing. */
uint32_t words_number(const struct words *words, const char *name,
                      uint32_t otherwise);
struct bytes words_text(const struct words *words, const char *name);

/* Append the packet's bytes for a connection of protocol `version` (3, 4, 5)
 * to `out`. Properties leave in the order in which they were added. */
void words_encode(const struct words *words, unsigned version,
                  struct buffer *out);

/* Decode the first packet of `in`, one that a server sends.
 *
 * OK: *words is new, owned by the caller, and *size bytes were used. ERR_MORE:
 * it is not whole yet. ERR_MALFORMED: no client could read this. */
MUST_USE
enum err words_decode(struct bytes in, unsigned version, struct words **words,
                      size_t *size);

/* Write the packet in words into `text` of `size` bytes; long values are
 * shortened. Always ends with NUL. */
void words_print(const struct words *words, char *text, size_t size);

/* The same with nothing shortened, as plays are written; `size` must do. */
void words_write(const struct words *words, char *text, size_t size);

/* Does `got` say all that `want` says? Fields that `want` leaves out are free;
 * those it names must be there as often, in the same order (subscription
 * identifiers: in any order). */
bool words_match(const struct words *want, const struct words *got);

#endif
