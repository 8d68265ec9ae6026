/* profile.c - see profile.h. */
#include "client/profile.h"

#include <assert.h>
#include <stdlib.h>

enum {
    RECEIVE_MAX_SIZE = 3, /* of the property */
    DEFAULT_PORT = 1883,
    DEFAULT_TLS_PORT = 8883,
    DEFAULT_WINDOW = 20,
    DEFAULT_TIMEOUT_MS = 10000,
    DEFAULT_ANSWER_MS = 60000,
    DEFAULT_MIN_MS = 1000,
    DEFAULT_MAX_MS = 30000,
    DEFAULT_OUTPUT = 1 << 20,
};

/* Memory handed out from front to back. */
struct shelf {
    uint8_t *at;
    uint8_t *end;
};

static void bytes_put(struct shelf *shelf, struct mogi_bytes *b)
{
    if (b->size == 0) return;
    assert((size_t)(shelf->end - shelf->at) >= b->size);
    memcpy(shelf->at, b->data, b->size);
    b->data = shelf->at;
    shelf->at += b->size;
}

static void text_put(struct shelf *shelf, const char **text)
{
    if (*text == NULL) return;
    struct mogi_bytes b = mogi_text(*text);
    b.size += 1;
    bytes_put(shelf, &b);
    *text = (const char *)b.data;
}

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static size_t will_size(const struct mogi_message *will)
{
    if (will == NULL) return 0;
    return will->topic.size + will->payload.size + will->properties.size;
}

static size_t tls_size(const struct mogi_tls *t)
{
    if (t == NULL) return 0;
    return text_size(t->ca_file) + text_size(t->ca_folder) +
           text_size(t->cert_file) + text_size(t->key_file) +
           text_size(t->ciphers) + text_size(t->ciphersuites) +
           text_size(t->alpn) + text_size(t->host_name) + t->psk.size +
           text_size(t->psk_identity) + text_size(t->keylog_file);
}

static void tls_put(struct shelf *shelf, struct mogi_tls *t)
{
    text_put(shelf, &t->ca_file);
    text_put(shelf, &t->ca_folder);
    text_put(shelf, &t->cert_file);
    text_put(shelf, &t->key_file);
    text_put(shelf, &t->ciphers);
    text_put(shelf, &t->ciphersuites);
    text_put(shelf, &t->alpn);
    text_put(shelf, &t->host_name);
    bytes_put(shelf, &t->psk);
    text_put(shelf, &t->psk_identity);
    text_put(shelf, &t->keylog_file);
}

static size_t options_size(const struct mogi_client_options *o)
{
    const struct mogi_connect *c = &o->connect;
    return text_size(o->host) + text_size(o->unix_path) +
           text_size(o->bind_address) + c->client_id.size + c->user_name.size +
           c->password.size + c->properties.size + will_size(c->will) +
           tls_size(o->tls) + RECEIVE_MAX_SIZE;
}

static void defaults_fill(struct mogi_client_options *o)
{
    if (o->host == NULL) o->host = "localhost";
    if (o->port == 0) {
        o->port = o->tls == NULL ? DEFAULT_PORT : DEFAULT_TLS_PORT;
    }
    if (o->connect_timeout_ms == 0) o->connect_timeout_ms = DEFAULT_TIMEOUT_MS;
    if (o->answer_timeout_ms == 0) o->answer_timeout_ms = DEFAULT_ANSWER_MS;
    if (o->reconnect_min_ms == 0) o->reconnect_min_ms = DEFAULT_MIN_MS;
    if (o->reconnect_max_ms == 0) o->reconnect_max_ms = DEFAULT_MAX_MS;
    if (o->inflight_max == 0) o->inflight_max = DEFAULT_WINDOW;
    if (o->receive_max == 0) o->receive_max = DEFAULT_WINDOW;
    if (o->output_max == 0) o->output_max = DEFAULT_OUTPUT;
    if (o->connect.packet_size_max == 0) {
        o->connect.packet_size_max = UINT32_MAX;
    }
}

/* Receive Maximum is what tiny.h would add by itself: but there it is the size
 * of a table that must be larger for servers that know no such limit. */
static void region_put(struct shelf *shelf, const struct mogi_client_options *o,
                       struct mogi_bytes *region)
{
    struct mogi_property found;
    bool told = mogi_property_find(*region, MOGI_RECEIVE_MAX, &found);
    uint8_t *start = shelf->at;
    bytes_put(shelf, region);
    if (told) return;
    struct mogi_properties p = mogi_properties_in(shelf->at, RECEIVE_MAX_SIZE);
    enum mogi_error e = mogi_put_number(&p, MOGI_RECEIVE_MAX, o->receive_max);
    assert(e == MOGI_OK);
    shelf->at += p.used;
    region->data = start;
    region->size += p.used;
}

bool profile_init(struct profile *p, const struct mogi_client_options *options)
{
    p->options = *options;
    struct mogi_client_options *o = &p->options;
    defaults_fill(o);
    size_t size = options_size(o);
    p->memory = malloc(size);
    if (p->memory == NULL) return false;
    struct shelf shelf = {p->memory, (uint8_t *)p->memory + size};
    text_put(&shelf, &o->host);
    text_put(&shelf, &o->unix_path);
    text_put(&shelf, &o->bind_address);
    bytes_put(&shelf, &o->connect.client_id);
    bytes_put(&shelf, &o->connect.user_name);
    bytes_put(&shelf, &o->connect.password);
    region_put(&shelf, o, &o->connect.properties);
    if (o->connect.will != NULL) {
        p->will = *o->connect.will;
        bytes_put(&shelf, &p->will.topic);
        bytes_put(&shelf, &p->will.payload);
        bytes_put(&shelf, &p->will.properties);
        o->connect.will = &p->will;
    }
    if (o->tls != NULL) {
        p->tls = *o->tls;
        tls_put(&shelf, &p->tls);
        o->tls = &p->tls;
    }
    return true;
}

void profile_fini(struct profile *p)
{
    free(p->memory);
}
