/* scram_fuzz.c - the client's half of SCRAM, and files of secrets, of any
 * bytes.
 *
 *     input   [ 0, 1 ][ first size ][ first message ][ last message ]
 *             [ 2 ][ a secret ]      [ 3 ][ a file ]
 *
 * A conversation ends in a refusal, for the proof is not there to be guessed,
 * and what we say is in its form. A secret that is read is written the same.
 */
#include "auth/scramfile.h"
#include "fuzz.h"

static void check_talk(struct bytes in, enum scram_hash hash)
{
    static const uint8_t luck[SCRAM_NONCE_BYTES] = "0123456789abcdefg";
    struct scram_secret secret = {.hash = hash,
                                  .iterations = SCRAM_ITERATIONS_MIN,
                                  .salt_size = SCRAM_SALT_MAX};
    struct scram scram;
    struct reader reader = reader_of(in);
    struct bytes first = fuzz_bytes(&reader, read_u8(&reader));
    struct bytes last = read_rest(&reader);
    uint8_t *first_copy = fuzz_copy(first), *last_copy = fuzz_copy(last);
    const char *why = scram_begin(&scram, bytes_at(first_copy, first.size));
    if (why == NULL) {
        PROMISE(scram_text_valid(bytes_of(scram.user)));
        scram_challenge(&scram, &secret, luck);
        PROMISE(strncmp(scram.reply, "r=", 2) == 0);
        why = scram_finish(&scram, &secret, bytes_at(last_copy, last.size));
    }
    PROMISE(why != NULL && why[0] != '\0');
    PROMISE(strncmp(scram.reply, "v=", 2) != 0);
    free(first_copy);
    free(last_copy);
}

static void check_secret(struct bytes in)
{
    struct scram_secret secret;
    char text[SCRAM_TEXT_MAX];
    uint8_t *copy = fuzz_copy(in);
    if (scram_parse(bytes_at(copy, in.size), &secret) == NULL) {
        scram_format(&secret, text);
        PROMISE(bytes_equal(bytes_of(text), in));
        PROMISE(secret.iterations >= SCRAM_ITERATIONS_MIN);
    }
    free(copy);
}

static void check_file(struct bytes in)
{
    struct scramfile file;
    struct fault fault = {{0}};
    struct scram_secret secret;
    enum err e =
        scramfile_parse(bytes_at(fuzz_copy(in), in.size), "f", &file, &fault);
    PROMISE((e == OK) == (fault.text[0] == '\0'));
    for (size_t i = 0; e == OK && i < file.count; i++) {
        const struct scramfile_user *user = &file.users[i];
        PROMISE(scramfile_find(&file, user->name, user->secret.hash, &secret));
        PROMISE(memcmp(&secret, &user->secret, sizeof secret) == 0);
    }
    if (e != OK) return;
    PROMISE(!scramfile_find(&file, bytes_of("\n"), SCRAM_SHA256, &secret));
    PROMISE(secret.salt_size == SCRAM_SALT);
    scramfile_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 << 14) return 0;
    struct bytes in = bytes_at(data + 1, size - 1);
    unsigned mode = data[0] % 4;
    if (mode < 2) check_talk(in, mode == 0 ? SCRAM_SHA256 : SCRAM_SHA512);
    if (mode == 2) check_secret(in);
    if (mode == 3) check_file(in);
    return 0;
}
