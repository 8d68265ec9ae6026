/* setting_test.c - a key of each kind, about each thing. */
#include "broker/setting.h"
#include "config_kit.h"

#define IN(member)                                                             \
    .scope = SCOPE_LISTENER,                                                   \
    .offset = offsetof(struct config_listener, member),                        \
    .size = sizeof(((struct config_listener *)0)->member)

static const struct key files = {
    .name = "files", .kind = KEY_TEXTS, IN(tls.certfile), .max = 255};
static const struct key limit = {
    .name = "limit", .kind = KEY_LIMIT, IN(max_connections), .max = 100};

static void apply(const struct key *key, const char *value,
                  enum config_rank rank)
{
    struct config_place place = {rank, "test", 1, 0};
    struct setting setting = {&config, &config.listeners[0], key, value, &place,
                              &reports};
    setting_apply(&setting);
}

static void texts_add_up_until_a_higher_rank(void)
{
    begin();
    const struct config_texts *texts = &config.listeners[0].tls.certfile;
    apply(&files, "a", RANK_FILE);
    apply(&files, "b", RANK_FILE);
    CHECK_EQ(texts->count, 2);
    CHECK_STR(texts->list[1], "b");
    apply(&files, "c", RANK_COMMAND);
    CHECK_EQ(texts->count, 1);
    CHECK_STR(texts->list[0], "c");
    CHECK_STR(texts->list[1], "");
    for (int i = 0; i < CONFIG_TEXTS_MAX; i++)
        apply(&files, "d", RANK_COMMAND);
    CHECK_EQ(texts->count, CONFIG_TEXTS_MAX);
    check_error("files stands more than 8 times");
    char big[300];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    apply(&files, big, RANK_COMMAND);
    check_error("files is at most 255 bytes long, not 299");
}

static void no_limit_is_minus_one(void)
{
    begin();
    apply(&limit, "9", RANK_FILE);
    CHECK_EQ(config.listeners[0].max_connections, 9);
    apply(&limit, "-1", RANK_FILE);
    CHECK_EQ(config.listeners[0].max_connections, 0);
    apply(&limit, "101", RANK_FILE);
    check_error("limit is 0 to 100, not 101");
    apply(&limit, "-2", RANK_FILE);
    check_error("limit is a whole number, not '-2'");
}

int main(void)
{
    RUN(texts_add_up_until_a_higher_rank);
    RUN(no_limit_is_minus_one);
    begin();
    return check_result();
}
