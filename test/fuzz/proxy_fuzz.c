/* proxy_fuzz.c - a PROXY header of any bytes, as a whole and in pieces.
 *
 *     input   [ version ][ bytes ]
 *
 * However it is cut, no beginning of what is taken at last is refused, and what
 * is refused stays so; the answer lies within the bytes.
 */
#include "fuzz.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    unsigned version = 1 + data[0] % 2;
    struct bytes all = bytes_at(data + 1, size - 1);
    struct proxy whole, part;
    enum err end = proxy_decode(all, version, &whole);
    PROMISE(end == OK || end == ERR_MORE || end == ERR_MALFORMED);
    size_t known = end == OK ? whole.size : all.size;
    PROMISE(known <= all.size);
    if (end == OK) {
        PROMISE(known > 0 && known <= PROXY_V2_MAX);
        PROMISE(!whole.proven || whole.tls);
        PROMISE(whole.proven || whole.common_name.size == 0);
        PROMISE(whole.common_name.size < known);
    }
    for (size_t cut = 0; cut < known && cut < 256; cut++) {
        enum err e = proxy_decode(bytes_at(all.data, cut), version, &part);
        PROMISE(e == ERR_MORE || (e == ERR_MALFORMED && end == ERR_MALFORMED));
    }
    if (end == ERR_MORE) PROMISE(all.size < PROXY_V2_MAX);
    return 0;
}
