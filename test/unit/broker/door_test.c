/* door_test.c - seats, addresses and names. */
#include "broker/door.h"
#include "check.h"

static struct door door;
static struct door_limits limits;

static struct address address_of(uint8_t family, uint8_t first, uint8_t last)
{
    struct address address = {.family = family, .port = 1};
    address.ip[0] = first;
    address.ip[family == ADDRESS_IPV4 ? 3 : 15] = last;
    return address;
}

static void begin(struct door_limits now)
{
    door_init(&door, 1000);
    limits = now;
}

static void seats_are_counted(void)
{
    begin((struct door_limits){.all = 3, .listeners = {2, 0}});
    CHECK_EQ(door_sit(&door, &limits, 0), DOOR_OPEN);
    CHECK_EQ(door_sit(&door, &limits, 0), DOOR_OPEN);
    CHECK_EQ(door_sit(&door, &limits, 0), DOOR_LISTENER_FULL);
    CHECK_EQ(door_sit(&door, &limits, 1), DOOR_OPEN);
    CHECK_EQ(door_sit(&door, &limits, 1), DOOR_FULL);
    door_rise(&door, 0);
    CHECK_EQ(door_sit(&door, &limits, 1), DOOR_OPEN);
    CHECK_EQ(atomic_load(&door.all), 3);
    door_fini(&door);
}

static enum door_answer meet(struct address address, bool *counted)
{
    return door_meet(&door, &limits, &address, 1700000000000, counted);
}

static void addresses_are_counted(void)
{
    bool counted;
    begin((struct door_limits){.address = 2});
    struct address a = address_of(ADDRESS_IPV4, 192, 1);
    CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK(counted);
    a.port = 2;
    CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK_EQ(meet(a, &counted), DOOR_ADDRESS_FULL);
    CHECK(!counted);
    CHECK_EQ(meet(address_of(ADDRESS_IPV4, 192, 2), &counted), DOOR_OPEN);
    door_part(&door, &a);
    CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    /* All of an IPv6 network is one. */
    CHECK_EQ(meet(address_of(ADDRESS_IPV6, 0x20, 1), &counted), DOOR_OPEN);
    CHECK_EQ(meet(address_of(ADDRESS_IPV6, 0x20, 2), &counted), DOOR_OPEN);
    CHECK_EQ(meet(address_of(ADDRESS_IPV6, 0x20, 3), &counted),
             DOOR_ADDRESS_FULL);
    door_fini(&door);
}

static void this_machine_is_trusted(void)
{
    bool counted;
    struct address a = {.family = ADDRESS_IPV4, .ip = {127, 0, 0, 1}};
    begin((struct door_limits){.address = 1, .rate = 1});
    for (int i = 0; i < 20; i++)
        CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK(!counted);
    a.family = ADDRESS_UNIX;
    CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    door_fini(&door);
}

static void rates_hold(void)
{
    bool counted;
    struct address a = address_of(ADDRESS_IPV4, 192, 1);
    begin((struct door_limits){.address = DOOR_ANY, .rate = 5});
    for (int i = 0; i < 20; i++)
        CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK_EQ(meet(a, &counted), DOOR_ADDRESS_FAST);
    door_fini(&door);
}

/* Nobody alone can take all the seats, unless that is said. */
static void one_address_has_half_at_most(void)
{
    bool counted;
    struct address a = address_of(ADDRESS_IPV4, 192, 1);
    begin((struct door_limits){.all = 10});
    for (int i = 0; i < 5; i++)
        CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK_EQ(meet(a, &counted), DOOR_ADDRESS_FULL);
    limits.all = 0;
    for (int i = 5; i < 500; i++)
        CHECK_EQ(meet(a, &counted), DOOR_OPEN);
    CHECK_EQ(meet(a, &counted), DOOR_ADDRESS_FULL);
    door_fini(&door);
}

static void names_are_counted(void)
{
    struct tally_key key, other;
    begin((struct door_limits){.user = 1});
    CHECK(door_name(&door, &limits, bytes_of("ada"), &key));
    CHECK(!door_name(&door, &limits, bytes_of("ada"), &other));
    CHECK(door_name(&door, &limits, bytes_of("bob"), &other));
    door_unname(&door, &key);
    CHECK(door_name(&door, &limits, bytes_of("ada"), &key));
    door_fini(&door);
}

static void reasons_are_said(void)
{
    CHECK(strstr(door_why(DOOR_ADDRESS_FAST), "connect_rate_per_address"));
    CHECK(strstr(door_why(DOOR_LISTENER_FULL), "(max_connections)"));
}

int main(void)
{
    RUN(seats_are_counted);
    RUN(addresses_are_counted);
    RUN(this_machine_is_trusted);
    RUN(rates_hold);
    RUN(one_address_has_half_at_most);
    RUN(names_are_counted);
    RUN(reasons_are_said);
    return check_result();
}
