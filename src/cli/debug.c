/* debug.c - see debug.h. */
#include "cli/debug.h"

#include "wire/ack.h"
#include "wire/connack.h"
#include "wire/disconnect.h"
#include "wire/publish.h"
#include "wire/subscribe.h"

enum { OPTIONS_RETAIN_SHIFT = 4 };

static void id_set(struct debug *d, struct bytes id)
{
    (void)snprintf(d->id, sizeof d->id, "%.*s", (int)id.size,
                   (const char *)id.data);
}

static const char *direction(bool sent)
{
    return sent ? "sending" : "received";
}

static void line_start(const struct debug *d, bool sent, const char *name)
{
    (void)fprintf(d->to, "Client %s %s %s", d->id, direction(sent), name);
}

/* The name that the server gave us is ours from here on. */
static void connack_print(struct debug *d, const struct frame *f)
{
    struct connack c;
    if (connack_decode(f, (enum protocol)d->version, &c) != OK) return;
    if (c.properties.assigned_client_id.size > 0) {
        id_set(d, c.properties.assigned_client_id);
    }
    line_start(d, false, "CONNACK");
    (void)fprintf(d->to, " (%u)\n", c.code);
}

static void publish_print(struct debug *d, const struct frame *f, bool sent)
{
    struct publish p;
    if (publish_decode(f, (enum protocol)d->version, &p) != OK) return;
    unsigned id = p.packet_id;
    if (sent && p.qos == 0) id = (uint16_t)(d->last_id + 1);
    if (sent) d->last_id = (uint16_t)id;
    struct bytes topic = p.topic.size == 0 ? bytes_of("(null)") : p.topic;
    line_start(d, sent, "PUBLISH");
    (void)fprintf(d->to, " (d%d, q%u, r%d, m%u, '%.*s', ... (%zu bytes))\n",
                  p.dup, p.qos, p.retain, id, (int)topic.size,
                  (const char *)topic.data, p.payload.size);
}

static void ack_print(struct debug *d, const struct frame *f, bool sent)
{
    struct ack a;
    if (ack_decode(f, (enum protocol)d->version, &a) != OK) return;
    bool coded = f->type == PACKET_PUBACK;
    line_start(d, sent, packet_name(f->type));
    if (sent) {
        coded = coded || f->type == PACKET_PUBREC;
        (void)fprintf(d->to, coded ? " (m%u, rc%u)\n" : " (m%u)\n", a.packet_id,
                      a.reason);
    } else {
        coded = coded || f->type == PACKET_PUBCOMP;
        (void)fprintf(d->to, coded ? " (Mid: %u, RC:%u)\n" : " (Mid: %u)\n",
                      a.packet_id, a.reason);
    }
}

static void subscribe_print(struct debug *d, const struct frame *f)
{
    struct subscribe s;
    if (subscribe_decode(f, (enum protocol)d->version, &s) != OK) return;
    d->last_id = s.packet_id;
    struct reader at = reader_of(s.filters);
    struct subscribe_filter one;
    while (subscribe_filter_next(&at, &one)) {
        unsigned options = (unsigned)one.no_local << 2 |
                           (unsigned)one.retain_as_published << 3 |
                           (unsigned)one.retain_handling
                               << OPTIONS_RETAIN_SHIFT;
        line_start(d, true, "SUBSCRIBE");
        (void)fprintf(d->to,
                      " (Mid: %u, Topic: %.*s, QoS: %u, Options: "
                      "0x%02x)\n",
                      s.packet_id, (int)one.filter.size,
                      (const char *)one.filter.data, one.qos, options);
    }
}

static void unsubscribe_print(struct debug *d, const struct frame *f)
{
    struct subscribe s;
    if (subscribe_decode(f, (enum protocol)d->version, &s) != OK) return;
    d->last_id = s.packet_id;
    struct reader at = reader_of(s.filters);
    struct bytes filter;
    while (unsubscribe_filter_next(&at, &filter)) {
        line_start(d, true, "UNSUBSCRIBE");
        (void)fprintf(d->to, " (Mid: %u, Topic: %.*s)\n", s.packet_id,
                      (int)filter.size, (const char *)filter.data);
    }
}

static void disconnect_print(struct debug *d, const struct frame *f, bool sent)
{
    struct disconnect packet;
    enum protocol protocol = (enum protocol)d->version;
    if (disconnect_decode(f, protocol, &packet) != OK) return;
    line_start(d, sent, "DISCONNECT");
    if (!sent) (void)fprintf(d->to, " (%u)", packet.reason);
    (void)fputc('\n', d->to);
}

void debug_follow(struct debug *d, FILE *to,
                  struct mogi_client_options *options)
{
    struct mogi_bytes id = options->connect.client_id;
    *d = (struct debug){.to = to, .version = options->connect.version};
    id_set(d, id.size == 0 ? bytes_of("(null)") : bytes_at(id.data, id.size));
    options->trace = debug_packet;
    options->trace_context = d;
}

void debug_packet(void *context, bool sent, struct mogi_bytes packet)
{
    struct debug *d = context;
    struct frame f;
    enum err e = frame_next(bytes_at(packet.data, packet.size),
                            (enum protocol)d->version, PACKET_SIZE_MAX, &f);
    if (e != OK) return;
    switch (f.type) {
    case PACKET_CONNACK: connack_print(d, &f); break;
    case PACKET_PUBLISH: publish_print(d, &f, sent); break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: ack_print(d, &f, sent); break;
    case PACKET_SUBSCRIBE: subscribe_print(d, &f); break;
    case PACKET_UNSUBSCRIBE: unsubscribe_print(d, &f); break;
    case PACKET_DISCONNECT: disconnect_print(d, &f, sent); break;
    default:
        line_start(d, sent, packet_name(f.type));
        (void)fputc('\n', d->to);
        break;
    }
}
