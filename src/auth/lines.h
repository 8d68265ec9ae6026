/* lines.h - a file that people write, line by line: CRLF, blanks around a line
 * and a byte order mark before the first do not count. */
#ifndef MOGI_AUTH_LINES_H
#define MOGI_AUTH_LINES_H

#include "base/bytes.h"

/* `text` without its byte order mark, if it begins with one. */
struct bytes lines_begin(struct bytes text);

/* Take the next line off `*text`, without blanks around it. What is taken off
 * an empty text is an empty line. */
struct bytes lines_next(struct bytes *text);

/* Take the first word off `*text`, with the blanks behind it. */
struct bytes lines_word(struct bytes *text);

/* `b` without the blanks, tabs and carriage returns around it. */
struct bytes lines_trim(struct bytes b);

#endif
