/* filetext.c - see filetext.h. */
#include "auth/filetext.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Read an open file. One byte more than is allowed is asked for, so that a
 * file that grows meanwhile is found out. */
static enum err stream_read(FILE *file, size_t size_max, struct bytes *out,
                            struct fault *fault)
{
    uint8_t *data = malloc(size_max + 2);
    if (data == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    size_t size = fread(data, 1, size_max + 1, file);
    if (ferror(file)) {
        free(data);
        return fault_set(fault, ERR_IO, "%s", strerror(errno));
    }
    if (size > size_max) {
        OPENSSL_cleanse(data, size);
        free(data);
        return fault_set(fault, ERR_CONFIG,
                         "it is larger than %zu bytes: is it the right file?",
                         size_max);
    }
    data[size] = '\0';
    *out = bytes_at(data, size);
    return OK;
}

enum err filetext_read(const char *path, size_t size_max, struct bytes *out,
                       struct fault *fault)
{
    *out = (struct bytes){NULL, 0};
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return fault_set(fault, ERR_IO, "%s", strerror(errno));
    /* No buffer of the C library's own: it would not be wiped. */
    (void)setvbuf(file, NULL, _IONBF, 0);
    struct stat about;
    enum err e;
    if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        e = fault_set(fault, ERR_CONFIG, "it is a folder");
    } else {
        e = stream_read(file, size_max, out, fault);
    }
    (void)fclose(file);
    return e;
}

void filetext_free(struct bytes text)
{
    if (text.data == NULL) return;
    uint8_t *data = (uint8_t *)(uintptr_t)text.data;
    OPENSSL_cleanse(data, text.size);
    free(data);
}
