/* wire.c - see wire.h. */
#include "tls/wire.h"

#include <string.h>

static int on_read(BIO *bio, char *to, int size)
{
    struct wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) return 0;
    if (wire->in.size == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = (size_t)size;
    if (count > wire->in.size) count = wire->in.size;
    memcpy(to, wire->in.data, count);
    wire->in = bytes_skip(wire->in, count);
    return (int)count;
}

static int on_write(BIO *bio, const char *from, int size)
{
    struct wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) return 0;
    buffer_append(&wire->out, bytes_at(from, (size_t)size));
    return size;
}

static long on_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int on_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *wire_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "wire");
    if (method == NULL) return NULL;
    if (BIO_meth_set_read(method, on_read) != 1 ||
        BIO_meth_set_write(method, on_write) != 1 ||
        BIO_meth_set_ctrl(method, on_control) != 1 ||
        BIO_meth_set_create(method, on_create) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}
