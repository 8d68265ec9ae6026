/* subscribe.h - SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK. MQTT 5.0, 3.8 to 3.11
 *
 *     SUBSCRIBE    [ packet id ][ properties ]( [ filter ][ options ] )+
 *     UNSUBSCRIBE  [ packet id ][ properties ]( [ filter ] )+
 *     SUBACK       [ packet id ][ properties ]( [ code ] )+
 *     UNSUBACK     [ packet id ][ properties ]( [ code ] )+     3.x: id alone
 *                                5.0
 *
 *     options    7 6   5 4               3                    2         1 0
 *               [ 0 | retain handling | retain as published | no local | QoS ]
 */
#ifndef MOGI_WIRE_SUBSCRIBE_H
#define MOGI_WIRE_SUBSCRIBE_H

#include "wire/properties.h"

/* SUBSCRIBE and UNSUBSCRIBE. */
struct subscribe {
    enum packet_type type;        /* PACKET_SUBSCRIBE or PACKET_UNSUBSCRIBE */
    uint16_t packet_id;           /* never 0 */
    struct properties properties; /* 5.0 only, else none */
    struct bytes filters;         /* the payload, checked */
    size_t count;                 /* filters in it, >= 1; decode sets it */
};

/* When a subscription is made, are retained messages sent? 3.8.3.1 */
enum retain_handling {
    RETAIN_SEND = 0,
    RETAIN_SEND_IF_NEW = 1,
    RETAIN_SEND_NOT = 2,
};

struct subscribe_filter {
    struct bytes filter; /* good UTF-8, but maybe no valid topic filter */
    uint8_t qos;         /* 0..2 */
    bool no_local;
    bool retain_as_published;
    enum retain_handling retain_handling;
};

/* SUBACK and UNSUBACK. */
struct suback {
    enum packet_type type; /* PACKET_SUBACK or PACKET_UNSUBACK */
    uint16_t packet_id;
    struct bytes properties; /* 5.0: checked region */
    struct bytes codes;      /* one each, in order; empty in UNSUBACK of 3.x */
};

/* Decode a frame of type PACKET_SUBSCRIBE or PACKET_UNSUBSCRIBE; the whole
 * packet is checked before anything is acted on. `s` borrows from the frame.
 *
 * OK, or
 * ERR_MALFORMED  cut short; ill-formed UTF-8; reserved option bits
 *                [MQTT-3.8.3-5] [MQTT3-3.8.3-4]; QoS 3; bad properties
 * ERR_PROTOCOL   no filter [MQTT-3.8.3-2] [MQTT-3.10.3-2] [MQTT3-3.8.3-3]
 *                [MQTT3-3.10.3-2]; packet id 0 [MQTT-2.2.1-3]; Retain Handling
 *                3; No Local on a shared subscription [MQTT-3.8.3-4]; bad
 *                property use
 *
 * Whether a filter is a valid one is the caller's to judge, filter by filter
 * (topic_subscription_valid): 5.0 answers 0x8f for that one alone. */
MUST_USE
enum err subscribe_decode(const struct frame *f, enum protocol protocol,
                          struct subscribe *s);

/* Walk the filters of a decoded SUBSCRIBE in their order:
 *
 *     struct reader at = reader_of(s->filters);
 *     while (subscribe_filter_next(&at, &filter)) ...
 *
 * False at the end. */
bool subscribe_filter_next(struct reader *at, struct subscribe_filter *filter);

/* The same for UNSUBSCRIBE. */
bool unsubscribe_filter_next(struct reader *at, struct bytes *filter);

/* Append one filter to what becomes s->filters: 3 + filter.size bytes. 3.x
 * allows no option but the QoS; the caller leaves the others zero. */
void subscribe_filter_write(struct writer *w, const struct subscribe_filter *s);

/* The same for UNSUBSCRIBE: 2 + filter.size bytes. */
void unsubscribe_filter_write(struct writer *w, struct bytes filter);

/* The whole packet's size. */
size_t subscribe_size(const struct subscribe *s, enum protocol protocol);

/* Write the packet: s->filters as it is. */
void subscribe_encode(const struct subscribe *s, enum protocol protocol,
                      struct writer *w);

/* Decode a frame of type PACKET_SUBACK or PACKET_UNSUBACK.
 *
 * OK, or
 * ERR_MALFORMED  cut short; no code; a body behind the id of UNSUBACK in 3.x;
 *                bad properties
 * ERR_PROTOCOL   packet id 0; a code that the packet has not [MQTT-3.9.3-2]
 *                [MQTT-3.11.3-2] [MQTT3-3.9.3-2]; bad property use */
MUST_USE
enum err suback_decode(const struct frame *f, enum protocol protocol,
                       struct suback *s);

/* The whole packet's size. */
size_t suback_size(const struct suback *s, enum protocol protocol);

/* Write the packet. Codes are written as they are: for 3.x the caller puts
 * 0x80 for every failure. */
void suback_encode(const struct suback *s, enum protocol protocol,
                   struct writer *w);

#endif
