/* script_test.c - statements, tokens, quotes, comments, numbers, times. */
#include "check.h"
#include "sim/script.h"

/* Read the next statement; its tokens as "[key=]text|...". */
static const char *read_all(const char **at)
{
    static char out[512];
    static struct statement s;
    out[0] = 0;
    const char *error = statement_read(at, &s);
    if (error != NULL) snprintf(out, sizeof(out), "error: %s", error);
    for (size_t i = 0; i < s.count && error == NULL; i++) {
        const struct token *t = &s.tokens[i];
        size_t used = strlen(out);
        snprintf(out + used, sizeof(out) - used, "%s%s%s%s|", t->key,
                 t->key[0] ? "=" : "", t->counted ? "&" : "",
                 (const char *)t->text.data);
    }
    statement_free(&s);
    return out;
}

static void statements_end_where_they_should(void)
{
    const char *at = "a publish t/x qos=1; b ping # why\nnext line";
    CHECK_STR(read_all(&at), "a|publish|t/x|qos=1|");
    CHECK_STR(read_all(&at), "b|ping|");
    CHECK_STR(read_all(&at), "");
    CHECK_EQ(*at, '\n');
    at = "a subscribe t/# \"#\" +";
    CHECK_STR(read_all(&at), "a|subscribe|t/#|#|+|");
}

static void quotes_hold_anything(void)
{
    const char *at = "\"a b;#\" k=\"\\x41\\n\\\\\\\"\" &\"s\" \"ab\"*3 \"x\"*0";
    CHECK_STR(read_all(&at), "a b;#|k=A\n\\\"|&s|ababab||");
    at = "\"a\\0b\"";
    struct statement *s = malloc(sizeof(*s));
    REQUIRE(s != NULL);
    CHECK(statement_read(&at, s) == NULL);
    CHECK_EQ(s->count, 1);
    CHECK_BYTES(s->tokens[0].text.data, s->tokens[0].text.size, "a\0b", 3);
    statement_free(s);
    free(s);
}

static void mistakes_are_told(void)
{
    const char *at = "\"open";
    CHECK_STR(read_all(&at), "error: a quote is not closed");
    at = "\"a\\q\"";
    CHECK_STR(read_all(&at), "error: unknown escape");
    at = "\"a\\x4\"";
    CHECK_STR(read_all(&at), "error: \\x wants two hex digits");
    at = "\"a\"b";
    CHECK_STR(read_all(&at), "error: a word follows too closely");
    at = "\"a\"*999999999999";
    CHECK_STR(read_all(&at), "error: too long");
}

static struct token token_of(const char *text)
{
    return (struct token){.text = bytes_of(text)};
}

static void numbers_and_times(void)
{
    uint32_t number = 7;
    uint64_t ms = 7;
    struct token t = token_of("0x8e");
    CHECK(token_number(&t, &number) && number == 0x8e);
    t = token_of("4294967295");
    CHECK(token_number(&t, &number) && number == UINT32_MAX);
    t = token_of("4294967296");
    CHECK(!token_number(&t, &number));
    t = token_of("12x");
    CHECK(!token_number(&t, &number));
    t = token_of("true");
    CHECK(token_number(&t, &number) && number == 1);
    t = token_of("5s");
    CHECK(token_ms(&t, &ms) && ms == 5000);
    t = token_of("300ms");
    CHECK(token_ms(&t, &ms) && ms == 300);
    t = token_of("2h");
    CHECK(token_ms(&t, &ms) && ms == 7200000);
    t = token_of("5");
    CHECK(!token_ms(&t, &ms));
    t = token_of("s");
    CHECK(!token_ms(&t, &ms));
}

int main(void)
{
    RUN(statements_end_where_they_should);
    RUN(quotes_hold_anything);
    RUN(mistakes_are_told);
    RUN(numbers_and_times);
    return check_result();
}
