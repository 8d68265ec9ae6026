/* keys_bridge_test.c - a bridge is refused once, not once a line. */
#include "config_kit.h"

static void a_bridge_is_one_mistake(void)
{
    begin();
    set("connection", "up");
    set("address", "example.org");
    set("topic", "# both 1");
    set("bridge_cafile", "/x");
    set("start_type", "automatic");
    check_error("connection: this version has no bridges");
    set("connection", "another");
    set("topic", "# both 1");
    check_error("connection: this version has no bridges");
}

static void a_piece_of_one_is_named(void)
{
    begin();
    set("topic", "# both 1");
    check_error("topic: is part of a bridge");
}

int main(void)
{
    RUN(a_bridge_is_one_mistake);
    RUN(a_piece_of_one_is_named);
    begin();
    return check_result();
}
