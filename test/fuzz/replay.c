/* replay.c - a fuzz target without a fuzzer. Any compiler builds it, so that
 * what was found stays found.
 *
 *     fuzz-wire test/fuzz/corpus/wire.hex    plays each line, written in hex
 *     fuzz-wire crash-...                    plays the file as it is
 */
#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static uint8_t input[INPUT_MAX];
static unsigned played;

static void play(struct bytes bytes)
{
    uint8_t *copy = fuzz_copy(bytes);
    (void)LLVMFuzzerTestOneInput(copy, bytes.size);
    free(copy);
    played += 1;
}

/* Two digits at `text`; -1 when they are none. */
static int hex_byte(const char *text)
{
    static const char DIGITS[] = "0123456789abcdef";
    const char *high = text[0] == 0 ? NULL : strchr(DIGITS, text[0]);
    const char *low =
        high == NULL || text[1] == 0 ? NULL : strchr(DIGITS, text[1]);
    return low == NULL ? -1 : (int)((high - DIGITS) * 16 + (low - DIGITS));
}

static void line_play(const char *line)
{
    size_t size = 0;
    int byte;
    while (size < INPUT_MAX && (byte = hex_byte(line + 2 * size)) >= 0)
        input[size++] = (uint8_t)byte;
    PROMISE(line[2 * size] == '\n' || line[2 * size] == 0);
    play(bytes_at(input, size));
}

static void file_play(const char *path)
{
    size_t name = strlen(path);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    if (name > 4 && strcmp(path + name - 4, ".hex") == 0) {
        char *line = NULL;
        size_t room = 0;
        while (getline(&line, &room, file) > 0)
            line_play(line);
        free(line);
    } else {
        play(bytes_at(input, fread(input, 1, sizeof input, file)));
    }
    fclose(file);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        file_play(arguments[i]);
    printf("played %u inputs\n", played);
    return played > 0 ? 0 : 1;
}
