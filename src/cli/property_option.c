/* property_option.c - see property_option.h. */
#include "cli/property_option.h"

#include "cli/options.h"
#include "wire/properties.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

struct property_name {
    const char *name;
    enum mogi_property_id id;
};

static const struct property_name names[] = {
    {"payload-format-indicator", MOGI_PAYLOAD_FORMAT},
    {"message-expiry-interval", MOGI_MESSAGE_EXPIRY},
    {"content-type", MOGI_CONTENT_TYPE},
    {"response-topic", MOGI_RESPONSE_TOPIC},
    {"correlation-data", MOGI_CORRELATION_DATA},
    {"subscription-identifier", MOGI_SUBSCRIPTION_ID},
    {"session-expiry-interval", MOGI_SESSION_EXPIRY},
    {"authentication-method", MOGI_AUTH_METHOD},
    {"authentication-data", MOGI_AUTH_DATA},
    {"request-problem-information", MOGI_REQUEST_PROBLEM_INFO},
    {"will-delay-interval", MOGI_WILL_DELAY},
    {"request-response-information", MOGI_REQUEST_RESPONSE_INFO},
    {"reason-string", MOGI_REASON_STRING},
    {"receive-maximum", MOGI_RECEIVE_MAX},
    {"topic-alias-maximum", MOGI_TOPIC_ALIAS_MAX},
    {"topic-alias", MOGI_TOPIC_ALIAS},
    {"user-property", MOGI_USER_PROPERTY},
    {"maximum-packet-size", MOGI_PACKET_SIZE_MAX},
};

static const struct {
    const char *name;
    unsigned where; /* as property_allowed wants it */
} commands[REGION_COUNT] = {
    [REGION_CONNECT] = {"connect", PACKET_CONNECT},
    [REGION_PUBLISH] = {"publish", PACKET_PUBLISH},
    [REGION_SUBSCRIBE] = {"subscribe", PACKET_SUBSCRIBE},
    [REGION_UNSUBSCRIBE] = {"unsubscribe", PACKET_UNSUBSCRIBE},
    [REGION_DISCONNECT] = {"disconnect", PACKET_DISCONNECT},
    [REGION_WILL] = {"will", PROPERTIES_WILL},
};

/* The place of `name` in the command table; REGION_COUNT when it is not there.
 */
static size_t command_find(const char *name)
{
    size_t i = 0;
    while (i < REGION_COUNT && strcasecmp(commands[i].name, name) != 0)
        i++;
    return i;
}

static const struct property_name *name_find(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(names[i].name, name) == 0) return &names[i];
    }
    return NULL;
}

bool property_option_reserve(struct mogi_properties *region, size_t size)
{
    uint8_t *larger = realloc(region->data, region->used + size);
    if (larger == NULL) return false;
    region->data = larger;
    region->size = region->used + size;
    return true;
}

static bool number_put(struct arguments *a, struct mogi_properties *p,
                       const struct property_name *name, const char *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 0);
    if (end == value || *end != '\0') {
        return options_wrong(a, "Error: Property value '%s' not a number.\n\n",
                             value);
    }
    if (errno == 0 && number >= 0 && number <= UINT32_MAX &&
        mogi_put_number(p, name->id, (uint32_t)number) == MOGI_OK) {
        return true;
    }
    return options_wrong(
        a, "Error: Property value (%s) out of range for property %s.\n\n",
        value, name->name);
}

static bool property_put(struct arguments *a, struct mogi_properties *p,
                         const struct property_name *name, char **values)
{
    enum mogi_error e;
    struct mogi_bytes first = mogi_text(values[0]);
    bool user = name->id == MOGI_USER_PROPERTY;
    struct mogi_bytes second = mogi_text(user ? values[1] : NULL);
    if (!property_option_reserve(p, first.size + second.size + 16)) {
        return options_wrong(a, "Error: Out of memory.\n");
    }
    switch (property_kind((uint32_t)name->id)) {
    case PROPERTY_KIND_PAIR: e = mogi_put_user(p, first, second); break;
    case PROPERTY_KIND_STRING:
    case PROPERTY_KIND_BINARY: e = mogi_put_text(p, name->id, first); break;
    default: return number_put(a, p, name, values[0]);
    }
    if (e == MOGI_OK) return true;
    return options_wrong(
        a, "Error: Property value too long for property %s.\n\n", name->name);
}

bool property_option_take(struct arguments *a, int argc, char **argv,
                          int *index)
{
    static const char few[] = "Error: --property argument given but not "
                              "enough arguments specified.\n\n";
    int left = argc - *index;
    if (left < 3) return options_wrong(a, "%s", few);
    char **words = argv + *index;
    size_t region = command_find(words[0]);
    if (region == REGION_COUNT) {
        return options_wrong(
            a,
            "Error: Invalid command given in --property argument: '%s' is "
            "none of connect, publish, subscribe, unsubscribe, disconnect "
            "and will.\n\n",
            words[0]);
    }
    const struct property_name *name = name_find(words[1]);
    if (name == NULL) {
        return options_wrong(a,
                             "Error: Invalid property name given in --property "
                             "argument: '%s'.\n\n",
                             words[1]);
    }
    if (!property_allowed((enum property_id)name->id, commands[region].where) ||
        (region == REGION_PUBLISH && name->id == MOGI_SUBSCRIPTION_ID)) {
        return options_wrong(
            a,
            "Error: %s property not allowed for %s in --property "
            "argument.\n\n",
            words[1], words[0]);
    }
    int values = name->id == MOGI_USER_PROPERTY ? 2 : 1;
    if (left < 2 + values) return options_wrong(a, "%s", few);
    a->client.connect.version = MOGI_MQTT_50;
    *index += 1 + values;
    return property_put(a, &a->regions[region], name, words + 2);
}
