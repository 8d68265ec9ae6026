/* httpform_test.c - fields, and the bodies that are made of them. */
#include "auth/httpform.h"
#include "check.h"

static const struct auth_request anna = {
    .has_user = true,
    .user = {(const uint8_t *)"an\"na", 5},
    .has_password = true,
    .password = {(const uint8_t *)"p&s =\\\x01\xc3\xa9", 9},
    .client_id = {(const uint8_t *)"c1", 2},
    .peer = {(const uint8_t *)"::1", 3},
    .identity = {(const uint8_t *)"cn", 2},
};

static void check_body(const char *fields, enum httpform_kind kind,
                       const struct auth_request *request, const char *wanted)
{
    struct httpform form;
    struct fault fault = {{0}};
    struct bytes body;
    CHECK_EQ(httpform_read(fields, kind, &form, &fault), OK);
    CHECK_STR(httpform_write(&form, request, &body), NULL);
    CHECK_BYTES(body.data, body.size, wanted, strlen(wanted));
    httpform_free(body);
}

static void bodies_are_written(void)
{
    check_body(HTTPFORM_FIELDS, HTTPFORM_JSON, &anna,
               "{\"username\":\"an\\\"na\",\"password\":"
               "\"p&s =\\\\\\u0001\xc3\xa9\",\"clientid\":\"c1\"}");
    check_body(HTTPFORM_FIELDS, HTTPFORM_FORM, &anna,
               "username=an%22na&password=p%26s%20%3d%5c%01%c3%a9&clientid=c1");
    check_body("  u=${username}\tip=${peerhost} cert=${identity} key=a=b x= ",
               HTTPFORM_FORM, &anna,
               "u=an%22na&ip=%3a%3a1&cert=cn&key=a%3db&x=");
    check_body("a\"=b\"", HTTPFORM_JSON, &anna, "{\"a\\\"\":\"b\\\"\"}");
}

static void what_is_not_there_is_empty(void)
{
    struct auth_request nobody = {.has_user = false};
    check_body(HTTPFORM_FIELDS, HTTPFORM_JSON, &nobody,
               "{\"username\":\"\",\"password\":\"\",\"clientid\":\"\"}");
    check_body(HTTPFORM_FIELDS, HTTPFORM_FORM, &nobody,
               "username=&password=&clientid=");
}

static void any_bytes_are_said(void)
{
    uint8_t bytes[256];
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    struct auth_request request = {.password = bytes_at(bytes, 256)};
    struct httpform form;
    struct fault fault;
    struct bytes body;
    REQUIRE(httpform_read("p=${password}", HTTPFORM_FORM, &form, &fault) == OK);
    CHECK_STR(httpform_write(&form, &request, &body), NULL);
    CHECK_EQ(body.size, 2 + 256 * 3 - 2 * 65);
    httpform_free(body);
    request.password = bytes_at(bytes, 128);
    REQUIRE(httpform_read("p=${password}", HTTPFORM_JSON, &form, &fault) == OK);
    CHECK_STR(httpform_write(&form, &request, &body), NULL);
    CHECK_EQ(body.size, 8 + 128 + 32 * 5 + 2);
    httpform_free(body);
    request.password = bytes_at(bytes, 129);
    CHECK(strstr(httpform_write(&form, &request, &body), "is not UTF-8") !=
          NULL);
    CHECK(body.data == NULL);
}

static void odd_fields_are_refused(void)
{
    static const struct {
        const char *fields, *because;
    } bad[] = {
        {"", "there is no field"},
        {"  ", "there is no field"},
        {"username", "'username' is not NAME=VALUE"},
        {"=x", "'=x' is not NAME=VALUE"},
        {"a=${user}", "'${user}' is none of ${username}"},
        {"a=${username}x", "'${username}x' is none of"},
        {"a=\xff", "the fields are no text"},
        {"a= b= c= d= e= f= g= h= i= j= k= l= m= n= o= p= q=",
         "there are more than 16 fields"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct httpform form;
        struct fault fault = {{0}};
        CHECK_EQ(httpform_read(bad[i].fields, HTTPFORM_JSON, &form, &fault),
                 ERR_CONFIG);
        if (strncmp(fault.text, bad[i].because, strlen(bad[i].because)) != 0)
            CHECK_STR(fault.text, bad[i].because);
    }
    char text[HTTPFORM_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    text[1] = '=';
    text[HTTPFORM_TEXT_MAX] = '\0';
    struct httpform form;
    struct fault fault;
    CHECK_EQ(httpform_read(text, HTTPFORM_JSON, &form, &fault), ERR_CONFIG);
    text[HTTPFORM_TEXT_MAX - 1] = '\0';
    CHECK_EQ(httpform_read(text, HTTPFORM_JSON, &form, &fault), OK);
}

int main(void)
{
    CHECK_STR(httpform_type(HTTPFORM_JSON), "application/json");
    CHECK_STR(httpform_type(HTTPFORM_FORM),
              "application/x-www-form-urlencoded");
    RUN(bodies_are_written);
    RUN(what_is_not_there_is_empty);
    RUN(any_bytes_are_said);
    RUN(odd_fields_are_refused);
    return check_result();
}
