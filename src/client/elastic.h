/* elastic.h - the tiny client in memory that grows with what it has to hold.
 *
 *     client.c -> elastic -> tiny
 *                    '-----> in, out, store: each as large as was needed once
 */
#ifndef MOGI_CLIENT_ELASTIC_H
#define MOGI_CLIENT_ELASTIC_H

#include "mogi/client.h"

struct elastic {
    struct mogi_tiny tiny; /* for all that needs no more memory */
    struct mogi_tiny_memory memory;
    size_t output_max; /* bytes of QoS 0 that may wait together */
};

/* Begin with little, for what `options` say. False: out of memory; elastic_fini
 * is due in any case, and may also follow all zeros. */
bool elastic_init(struct elastic *e, const struct mogi_client_options *options);

/* Give all memory back. */
void elastic_fini(struct elastic *e);

/* As mogi_tiny_connect, whatever the size; MOGI_ERROR_MEMORY. */
enum mogi_error elastic_connect(struct elastic *e,
                                const struct mogi_connect *connect,
                                uint32_t now_ms);

/* As mogi_tiny_input, whatever the size; MOGI_ERROR_MEMORY. MOGI_ERROR_FULL:
 * what waits to leave must leave first. */
enum mogi_error elastic_input(struct elastic *e, struct mogi_bytes *in,
                              uint32_t now_ms, struct mogi_event *event);

/* As mogi_tiny_publish, whatever the size; MOGI_ERROR_MEMORY. MOGI_ERROR_FULL:
 * it would be more QoS 0 than output_max beside what waits. */
enum mogi_error elastic_publish(struct elastic *e, const struct mogi_message *m,
                                uint16_t *packet_id);

/* As mogi_tiny_subscribe, mogi_tiny_unsubscribe and mogi_tiny_disconnect,
 * whatever the size; MOGI_ERROR_MEMORY. */
enum mogi_error elastic_subscribe(struct elastic *e,
                                  const struct mogi_filter *filters,
                                  size_t count, struct mogi_bytes properties,
                                  uint16_t *packet_id);
enum mogi_error elastic_unsubscribe(struct elastic *e,
                                    const struct mogi_bytes *filters,
                                    size_t count, struct mogi_bytes properties,
                                    uint16_t *packet_id);
enum mogi_error elastic_disconnect(struct elastic *e, uint8_t reason,
                                   struct mogi_bytes properties);

#endif
