/* mosquitto_fuzz.c - a mosquitto.db that somebody hands us.
 *
 * Reading ends; what is read lies in the file, and each chunk takes some of it.
 */
#include "fuzz.h"
#include "store/mosquitto.h"

static bool lies_in(struct bytes part, struct bytes file)
{
    return part.size == 0 || (part.data >= file.data &&
                              part.data + part.size <= file.data + file.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes file = bytes_at(data, size);
    struct mosquitto_reader reader;
    struct mosquitto_chunk chunk;
    if (mosquitto_open(&reader, file) != OK) return 0;
    PROMISE(reader.version >= 2 && reader.version <= 6);
    for (;;) {
        size_t left = reader.left.size;
        if (mosquitto_next(&reader, &chunk) != OK) return 0;
        if (chunk.kind == MOSQUITTO_END) break;
        PROMISE(reader.left.size < left);
        PROMISE(lies_in(chunk.client, file));
        PROMISE(lies_in(chunk.topic, file));
        PROMISE(lies_in(chunk.payload, file));
        PROMISE(lies_in(chunk.properties, file));
    }
    PROMISE(reader.left.size == 0);
    return 0;
}
