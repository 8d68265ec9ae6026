/* keys_proof_test.c - tokens, SCRAM and web servers, everywhere or at one
 * listener. */
#include "config_kit.h"

static void defaults_are_safe(void)
{
    begin();
    const struct config_entry *entry = &config.common.entry;
    CHECK(entry->jwt.require_expiry);
    CHECK(entry->jwt.check_username);
    CHECK_EQ(entry->jwt.leeway_s, 5);
    CHECK(!entry->http.insecure);
    CHECK(!entry->http.status_only);
    CHECK_EQ(entry->http.down, 0);
    CHECK_EQ(entry->http.timeout_s, 5);
    CHECK_EQ(entry->http.cache_s, 60);
    CHECK_EQ(entry->http.url.count, 0);
    CHECK_STR(entry->scram_file, "");
}

static void values_are_kept(void)
{
    begin();
    set("scram_file", "/s");
    set("jwt_key_file", "/k");
    set("jwt_field", "username");
    set("jwt_leeway", "0");
    set("http_auth_url", "http://a/");
    set("http_auth_url", "http://b/");
    set("http_auth_format", "form");
    set("http_auth_down", "pass");
    set("http_auth_cache_seconds", "1h");
    CHECK_EQ(reports.errors.count, 0);
    const struct config_entry *entry = &config.common.entry;
    CHECK_STR(entry->scram_file, "/s");
    CHECK_STR(entry->jwt.key_file, "/k");
    CHECK_EQ(entry->jwt.field, 1);
    CHECK_EQ(entry->jwt.leeway_s, 0);
    CHECK_EQ(entry->http.url.count, 2);
    CHECK_STR(entry->http.url.list[1], "http://b/");
    CHECK_EQ(entry->http.format, 1);
    CHECK_EQ(entry->http.down, 1);
    CHECK_EQ(entry->http.cache_s, 3600);
}

static void mistakes_are_told(void)
{
    begin();
    set("jwt_leeway", "3601");
    check_error("jwt_leeway is 0 to 3600, not 3601");
    set("jwt_field", "header");
    check_error("jwt_field is one of: password username");
    set("jwt_issuer", "\xff");
    check_error("jwt_issuer is no UTF-8");
    set("http_auth_timeout", "0");
    check_error("http_auth_timeout is 1 to 60, not 0");
    set("http_auth_down", "allow");
    check_error("http_auth_down is one of: refuse pass");
}

static void they_may_be_about_one_listener(void)
{
    begin();
    set("per_listener_settings", "true");
    set("listener", "1883");
    set("jwt_key_file", "/one");
    set("listener", "1884");
    set("jwt_key_file", "/two");
    CHECK_EQ(reports.errors.count, 0);
    REQUIRE(config.listener_count == 2);
    CHECK_STR(config.listeners[0].entry.jwt.key_file, "/one");
    CHECK_STR(config.listeners[1].entry.jwt.key_file, "/two");
}

int main(void)
{
    RUN(defaults_are_safe);
    RUN(values_are_kept);
    RUN(mistakes_are_told);
    RUN(they_may_be_about_one_listener);
    begin();
    return check_result();
}
