/* banlist.c - see banlist.h. */
#include "broker/banlist.h"

#include "net/address.h"

#include <string.h>

static void ban_log(void *context, struct bytes ip, uint32_t left_s)
{
    struct log *log = context;
    struct address address = {.family =
                                  ip.size == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
    memcpy(address.ip, ip.data, ip.size);
    char text[ADDRESS_TEXT_MAX];
    (void)address_text(&address, text);
    char *port = strrchr(text, ':');
    if (port != NULL) *port = '\0';
    log_write(log, LEVEL_NOTICE, NULL, "banned: %s%s, for %u s more", text,
              ip.size == 4 ? "" : "/64", left_s);
}

void banlist_show(struct bans *bans, struct log *log, uint64_t now_s)
{
    size_t count = bans_each(bans, now_s, ban_log, log);
    log_write(log, LEVEL_NOTICE, NULL, "%zu addresses are banned", count);
}

void banlist_lift(struct bans *bans, struct log *log, uint64_t now_s)
{
    size_t count = bans_clear(bans, now_s);
    log_write(log, LEVEL_NOTICE, NULL, "the bans of %zu addresses are lifted",
              count);
}
