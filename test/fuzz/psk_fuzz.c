/* psk_fuzz.c - a file of pre-shared keys, of any bytes.
 *
 *     input   [ a file ]
 *
 * It is refused with a reason, or each identity in it has the key of its line,
 * and nobody else has one.
 */
#include "fuzz.h"
#include "tls/psk.h"

#include <ctype.h>
#include <sys/mman.h>
#include <unistd.h>

/* The keys are as many as there are lines with one, and each is found. */
static void check_lines(const struct psk *psk, char *text)
{
    size_t count = 0;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0' || line[0] == '#') continue;
        char *colon = strrchr(line, ':');
        PROMISE(colon != NULL);
        *colon = '\0';
        struct bytes key = psk_find(psk, line);
        PROMISE(key.size > 0 && key.size * 2 == strlen(colon + 1));
        for (size_t i = 0; i < key.size; i++) {
            char hex[3];
            snprintf(hex, sizeof hex, "%02x", key.data[i]);
            PROMISE(hex[0] == tolower((unsigned char)colon[1 + 2 * i]));
            PROMISE(hex[1] == tolower((unsigned char)colon[2 + 2 * i]));
        }
        count += 1;
    }
    PROMISE(psk_count(psk) == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 14) return 0;
    int file = memfd_create("psk", 0);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    struct psk *psk = NULL;
    struct trouble_text trouble = {{0}};
    enum err e = psk_new(path, &psk, &trouble);
    close(file);
    PROMISE((e == OK) == (trouble.text[0] == '\0'));
    PROMISE((e == OK) == (psk != NULL));
    if (e != OK) return 0;
    char *text = calloc(1, size + 1);
    if (text == NULL) abort();
    memcpy(text, data, size);
    if (memchr(data, '\0', size) == NULL) check_lines(psk, text);
    PROMISE(psk_find(psk, "\n").size == 0);
    psk_free(psk);
    free(text);
    return 0;
}
