/* options_file.h - options out of a file, as words of a command line.
 *
 *     # who we are                      one option on a line, and behind a
 *     -u joe                     --->   blank its value, to the line's end
 *     -P correct horse
 *     -D publish user-property k v      -u|joe|-P|correct horse|-D|publish|...
 */
#ifndef MOGI_CLI_OPTIONS_FILE_H
#define MOGI_CLI_OPTIONS_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_FILE_PATH_MAX = 4096 };

/* All zero: no file. */
struct options_file {
    char *text;   /* the file, cut up */
    char **words; /* into it */
    int count;
};

/* Read the file at `path`. False: it cannot be, and `error`, of `size` bytes,
 * says why. Freed with options_file_free in any case. */
bool options_file_read(struct options_file *f, const char *path, char *error,
                       size_t size);

/* Forget it. */
void options_file_free(struct options_file *f);

/* Where the options of `name` are when nobody says it, as mosquitto's clients
 * have it: $XDG_CONFIG_HOME/NAME, or without that $HOME/.config/NAME. False:
 * no such file can be read. */
bool options_file_find(const char *name, char path[OPTIONS_FILE_PATH_MAX]);

#endif
