/* script.h - the text of a play: statements of tokens.
 *
 *     a publish t/x "21.5"*3 qos=1; b expect publish t/x   # why
 *     |    |     |     |      |   |                        |
 *     token ...       text  key   end of the statement     comment
 *
 * A statement ends at `;` or at the end of its line. A comment begins with a
 * `#` that stands alone or at the beginning of a line. In quotes: \n \t \0
 * \xHH \\ \"; behind them *N repeats. `&` before the quotes asks for a length
 * in front (for raw bytes). A word of letters before `=` is a key.
 */
#ifndef MOGI_SIM_SCRIPT_H
#define MOGI_SIM_SCRIPT_H

#include "base/bytes.h"

enum { TOKENS_MAX = 256, KEY_MAX = 31 };

struct token {
    char key[KEY_MAX + 1]; /* "": no key */
    struct bytes text;     /* owned; a NUL follows it */
    bool quoted;
    bool counted; /* `&` stood before it */
};

struct statement {
    struct token tokens[TOKENS_MAX];
    size_t count;
};

/* Read the next statement from `*at` on, which moves behind it; stops at the
 * end of the line. Empty statements have count 0.
 *
 * Returns NULL, or what is wrong: static memory. Freed with statement_free
 * either way. */
const char *statement_read(const char **at, struct statement *statement);
void statement_free(struct statement *statement);

/* Is this token the bare word `word`? */
bool token_is(const struct token *token, const char *word);

/* The number it is (decimal, 0x..., true, false); false: it is none. */
bool token_number(const struct token *token, uint32_t *number);

/* The time that it is, in ms: 5s, 300ms, 2m, 3h, 1d. */
bool token_ms(const struct token *token, uint64_t *ms);

#endif
