/* printed.h - a message to be printed. */
#ifndef MOGI_TEST_CLI_PRINTED_H
#define MOGI_TEST_CLI_PRINTED_H

#include "check.h"
#include "mogi/tiny.h"

#include <time.h>

static uint8_t space[256];
static struct mogi_message message;
/* 2026-11-20T07:20:49.999199012Z */
static const struct timespec NOW = {.tv_sec = 1795159249, .tv_nsec = 999199012};

CHECK_UNUSED static void start(const char *payload)
{
    memset(&message, 0, sizeof message);
    message.topic = mogi_text("fmt/topic");
    message.payload = mogi_text(payload);
    message.qos = 1;
    message.retain = true;
    message.packet_id = 7;
}

CHECK_UNUSED static void properties(void)
{
    struct mogi_properties p = mogi_properties_in(space, sizeof space);
    enum mogi_error e = MOGI_OK;
    e |= mogi_put_text(&p, MOGI_CONTENT_TYPE, mogi_text("text/plain"));
    e |= mogi_put_user(&p, mogi_text("k"), mogi_text("v"));
    e |= mogi_put_user(&p, mogi_text("k2"), mogi_text("v2"));
    e |= mogi_put_text(&p, MOGI_RESPONSE_TOPIC, mogi_text("re/sp"));
    e |= mogi_put_text(&p, MOGI_CORRELATION_DATA, mogi_text("corr"));
    e |= mogi_put_number(&p, MOGI_PAYLOAD_FORMAT, 1);
    e |= mogi_put_number(&p, MOGI_MESSAGE_EXPIRY, 1000);
    REQUIRE(e == MOGI_OK);
    message.properties = mogi_properties_bytes(&p);
}

#endif
