#include "check.h"
#include "client/profile.h"

/* Everything is a copy: the originals are wiped. */
static void copies(void)
{
    char host[] = "example.org";
    char id[] = "id";
    char topic[] = "w";
    struct mogi_message will = {.topic = mogi_text(topic), .qos = 1};
    struct mogi_client_options o = {.host = host, .port = 1};
    o.connect.client_id = mogi_text(id);
    o.connect.will = &will;
    struct profile p;
    REQUIRE(profile_init(&p, &o));
    memset(host, 'x', sizeof host);
    memset(id, 'x', sizeof id);
    memset(topic, 'x', sizeof topic);
    memset(&will, 0, sizeof will);
    CHECK_STR(p.options.host, "example.org");
    CHECK_BYTES(p.options.connect.client_id.data, 2, "id", 2);
    CHECK_BYTES(p.options.connect.will->topic.data, 1, "w", 1);
    CHECK_EQ(p.options.connect.will->qos, 1);
    CHECK_EQ(p.options.port, 1);
    profile_fini(&p);
}

static void copies_of_tls(void)
{
    char text[] = "text";
    struct mogi_tls tls = {.ca_file = text,
                           .ca_folder = text,
                           .cert_file = text,
                           .key_file = text,
                           .ciphers = text,
                           .ciphersuites = text,
                           .alpn = text,
                           .host_name = text,
                           .psk = mogi_text(text),
                           .psk_identity = text,
                           .keylog_file = text,
                           .check = MOGI_TLS_CHECK_CHAIN};
    struct mogi_client_options o = {.tls = &tls};
    struct profile p;
    REQUIRE(profile_init(&p, &o));
    memset(text, 'x', sizeof text);
    memset(&tls, 0, sizeof tls);
    const struct mogi_tls *t = p.options.tls;
    const char *const texts[] = {t->ca_file,      t->ca_folder, t->cert_file,
                                 t->key_file,     t->ciphers,   t->alpn,
                                 t->ciphersuites, t->host_name, t->psk_identity,
                                 t->keylog_file};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK_STR(texts[i], "text");
    }
    CHECK_BYTES(t->psk.data, t->psk.size, "text", 4);
    CHECK_EQ(t->check, MOGI_TLS_CHECK_CHAIN);
    CHECK_EQ(p.options.port, 8883);
    profile_fini(&p);
}

static void defaults(void)
{
    struct mogi_client_options o = mogi_client_defaults();
    CHECK_EQ(o.connect.version, MOGI_MQTT_311);
    CHECK_EQ(o.connect.keep_alive_s, 60);
    memset(&o, 0, sizeof o);
    struct profile p;
    REQUIRE(profile_init(&p, &o));
    CHECK_STR(p.options.host, "localhost");
    CHECK_EQ(p.options.port, 1883);
    CHECK_EQ(p.options.inflight_max, 20);
    struct mogi_bytes region = p.options.connect.properties;
    CHECK_BYTES(region.data, region.size, "\x21\x00\x14", 3);
    profile_fini(&p);
}

/* The caller's Receive Maximum stays; ours comes behind other properties. */
static void receive_maximum(void)
{
    uint8_t space[16];
    struct mogi_properties properties = mogi_properties_in(space, sizeof space);
    CHECK_EQ(mogi_put_number(&properties, MOGI_TOPIC_ALIAS_MAX, 5), MOGI_OK);
    struct mogi_client_options o = {.receive_max = 3};
    o.connect.properties = mogi_properties_bytes(&properties);
    struct profile p;
    REQUIRE(profile_init(&p, &o));
    struct mogi_bytes region = p.options.connect.properties;
    CHECK_BYTES(region.data, region.size, "\x22\x00\x05\x21\x00\x03", 6);
    profile_fini(&p);

    CHECK_EQ(mogi_put_number(&properties, MOGI_RECEIVE_MAX, 9), MOGI_OK);
    o.connect.properties = mogi_properties_bytes(&properties);
    REQUIRE(profile_init(&p, &o));
    region = p.options.connect.properties;
    CHECK_BYTES(region.data, region.size, "\x22\x00\x05\x21\x00\x09", 6);
    profile_fini(&p);
}

int main(void)
{
    RUN(copies);
    RUN(copies_of_tls);
    RUN(defaults);
    RUN(receive_maximum);
    return check_result();
}
