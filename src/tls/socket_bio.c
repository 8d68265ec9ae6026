/* socket_bio.c - see socket_bio.h. */
#include "tls/socket_bio.h"

#include <errno.h>
#include <openssl/bio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

static BIO_METHOD *method;

static int fd_of(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static bool is_later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int bio_write(BIO *bio, const char *data, size_t size, size_t *count)
{
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(fd_of(bio), data, size, MSG_NOSIGNAL);
    if (sent < 0 && is_later()) BIO_set_retry_write(bio);
    *count = sent < 0 ? 0 : (size_t)sent;
    return sent >= 0;
}

static int bio_read(BIO *bio, char *data, size_t size, size_t *count)
{
    BIO_clear_retry_flags(bio);
    ssize_t received = recv(fd_of(bio), data, size, 0);
    if (received < 0 && is_later()) BIO_set_retry_read(bio);
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *count = received < 0 ? 0 : (size_t)received;
    return received > 0;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) {
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    }
    return 0;
}

static void method_make(void)
{
    int type = BIO_get_new_index();
    if (type < 0) return;
    BIO_METHOD *made =
        BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    if (made == NULL) return;
    (void)BIO_meth_set_write_ex(made, bio_write);
    (void)BIO_meth_set_read_ex(made, bio_read);
    (void)BIO_meth_set_ctrl(made, bio_control);
    method = made;
}

BIO *socket_bio_new(int fd)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, method_make);
    if (method == NULL) return NULL;
    BIO *bio = BIO_new(method);
    if (bio == NULL) return NULL;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    return bio;
}
