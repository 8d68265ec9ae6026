/* conffile.c - see conffile.h. */
#include "broker/conffile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER_FILES_MAX = 1000 };

/* A line of a file, without its end; `wrong` says why it is none, or NULL. */
struct line {
    char text[CONFIG_LINE_BYTES_MAX];
    const char *wrong;
};

/* The next line of `file`, or false. */
static bool line_read(struct line *line, FILE *file)
{
    size_t size = 0;
    int byte;
    line->wrong = NULL;
    while ((byte = getc(file)) != EOF && byte != '\n') {
        if (byte == '\0') line->wrong = "this is no text: is it UTF-16?";
        if (size + 1 < sizeof line->text) line->text[size] = (char)byte;
        size++;
    }
    if (byte == EOF && size == 0) return false;
    if (size + 1 > sizeof line->text) {
        line->wrong = "the line is too long";
        size = sizeof line->text - 1;
    }
    line->text[size] = '\0';
    return true;
}

/* Editors of other systems put a mark before the first line, which says that
 * it is UTF-8. */
static char *mark_skip(char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t size = sizeof mark - 1;
    return strncmp(text, mark, size) == 0 ? text + size : text;
}

/* Cut `line` into a key and a value: both point into it. */
static bool line_cut(char *line, char **key, char **value)
{
    size_t size = strlen(line);
    while (size > 0 && isspace((unsigned char)line[size - 1])) {
        line[--size] = '\0';
    }
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#') return false;
    *key = line;
    line += strcspn(line, " \t");
    if (*line != '\0') *line++ = '\0';
    *value = line + strspn(line, " \t");
    return true;
}

void conffile_read(struct config *config, const struct config_place *place,
                   struct config_reports *reports)
{
    FILE *file = fopen(place->name, "re");
    if (file == NULL) {
        report_add(&reports->errors, "cannot read %s: %s", place->name,
                   strerror(errno));
        return;
    }
    struct config_place at = *place;
    at.line = 0;
    struct line line;
    while (line_read(&line, file)) {
        at.line++;
        char *text = at.line == 1 ? mark_skip(line.text) : line.text;
        char *key, *value;
        if (line.wrong != NULL) {
            config_say(&reports->errors, &at, "%s", line.wrong);
            break;
        }
        if (line_cut(text, &key, &value)) {
            config_set(config, key, value, &at, reports);
        }
    }
    if (ferror(file)) {
        report_add(&reports->errors, "cannot read %s: %s", place->name,
                   strerror(errno));
    }
    (void)fclose(file);
}

/* Mosquitto's order, the same in every language: "A" before "a" before "B". */
static int by_letter(const struct dirent **a, const struct dirent **b)
{
    const char *x = (*a)->d_name, *y = (*b)->d_name;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    unsigned char left = (unsigned char)*x, right = (unsigned char)*y;
    int order = toupper(left) - toupper(right);
    return order != 0 ? order : left - right;
}

static int is_conf(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 5 &&
           strcmp(entry->d_name + size - 5, ".conf") == 0;
}

void conffile_read_all(struct config *config, const char *folder,
                       const struct config_place *place,
                       struct config_reports *reports)
{
    if (place->depth >= CONFIG_INCLUDE_DEPTH_MAX) {
        config_say(&reports->errors, place, "folders include one another");
        return;
    }
    struct dirent **list;
    int count = scandir(folder, &list, is_conf, by_letter);
    if (count < 0) {
        config_say(&reports->errors, place,
                   "include_dir: cannot read folder %s: %s", folder,
                   strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        char path[1024];
        int size =
            snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        struct config_place inner = {place->rank, path, 0, place->depth + 1};
        if (size < (int)sizeof path && i < FOLDER_FILES_MAX) {
            conffile_read(config, &inner, reports);
        } else {
            config_say(&reports->errors, place, "cannot read %s", path);
        }
        free(list[i]);
    }
    free(list);
}
