/* options_file.c - see options_file.h. */
#include "cli/options_file.h"

#include "cli/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_OF_LINE_MAX = 5 /* -D COMMAND user-property KEY VALUE */ };

static const char BLANKS[] = " \t";

/* The word that *rest begins with, which is cut off; *rest is then what stands
 * behind one blank, or NULL. */
static char *word_cut(char **rest)
{
    char *word = *rest;
    size_t size = strcspn(word, BLANKS);
    *rest = word[size] == '\0' ? NULL : word + size + 1;
    word[size] = '\0';
    return word;
}

static void word_add(struct options_file *f, char *word)
{
    f->words[f->count++] = word;
}

/* The option on `line`, and its value. Only -D has more than one. */
static void line_take(struct options_file *f, char *line)
{
    char *rest = line + strspn(line, BLANKS);
    if (*rest == '\0' || *rest == '#') return;
    char *name = word_cut(&rest);
    word_add(f, name);
    bool property = strcmp(name, "-D") == 0 || strcmp(name, "--property") == 0;
    if (property && rest != NULL) word_add(f, word_cut(&rest));
    if (property && rest != NULL) {
        char *which = word_cut(&rest);
        word_add(f, which);
        bool pair = strcmp(which, "user-property") == 0;
        if (pair && rest != NULL) word_add(f, word_cut(&rest));
    }
    if (rest != NULL && *rest != '\0') word_add(f, rest);
}

static size_t lines_count(const char *text)
{
    size_t count = 1;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count += 1;
    return count;
}

static bool memory_lacks(char *error, size_t size)
{
    (void)snprintf(error, size, "out of memory");
    return false;
}

bool options_file_read(struct options_file *f, const char *path, char *error,
                       size_t size)
{
    size_t count;
    uint8_t *bytes = payload_load(path, &count, error, size);
    if (bytes == NULL) return false;
    f->text = realloc(bytes, count + 1);
    if (f->text == NULL) {
        free(bytes);
        return memory_lacks(error, size);
    }
    f->text[count] = '\0';
    f->words =
        calloc(lines_count(f->text) * WORDS_OF_LINE_MAX, sizeof *f->words);
    if (f->words == NULL) return memory_lacks(error, size);
    char *rest = NULL;
    for (char *line = strtok_r(f->text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        line_take(f, line);
    }
    return true;
}

void options_file_free(struct options_file *f)
{
    free(f->text);
    free(f->words);
    *f = (struct options_file){NULL, NULL, 0};
}

bool options_file_find(const char *name, char path[OPTIONS_FILE_PATH_MAX])
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *below = "";
    if (folder == NULL || *folder == '\0') {
        folder = getenv("HOME");
        below = "/.config";
    }
    if (folder == NULL || *folder == '\0') return false;
    int size =
        snprintf(path, OPTIONS_FILE_PATH_MAX, "%s%s/%s", folder, below, name);
    return size < OPTIONS_FILE_PATH_MAX && access(path, R_OK) == 0;
}
