/* pemfile.c - see pemfile.h. */
#include "tls/pemfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, SECRET_MODE = 0600, PUBLIC_MODE = 0644 };

static bool bytes_write(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        data += written;
        size -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* Give the draft its name: at once, and not over another file unless that is
 * wanted. */
static bool draft_name(const char *draft, const char *path, bool replace)
{
    if (replace) return rename(draft, path) == 0;
    if (link(draft, path) != 0) return false;
    (void)unlink(draft);
    return true;
}

static bool file_write(const char *path, const char *data, size_t size,
                       int mode, bool replace)
{
    char draft[PATH_SIZE];
    int length = snprintf(draft, sizeof draft, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof draft) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return false;
    bool written = bytes_write(fd, data, size);
    int saved = errno;
    bool closed = close(fd) == 0;
    if (written && closed && draft_name(draft, path, replace)) return true;
    if (!written) errno = saved;
    saved = errno;
    (void)unlink(draft);
    errno = saved;
    return false;
}

static enum err io_say(struct tls_trouble *t, const char *path)
{
    int saved = errno;
    tls_trouble_clear(t);
    if (saved == EEXIST) {
        tls_trouble_setup(t, "'%s' exists already", path);
    } else {
        tls_trouble_setup(t, "'%s' cannot be written: %s", path,
                          strerror(saved));
    }
    return ERR_IO;
}

/* Write what `out` holds, and free it. */
static enum err bio_write_free(BIO *out, bool filled, const char *path,
                               int mode, bool replace, struct tls_trouble *t)
{
    char *data = NULL;
    long size = filled ? BIO_get_mem_data(out, &data) : 0;
    enum err e = OK;
    if (size <= 0) {
        tls_trouble_setup(t, "OpenSSL cannot write '%s'", path);
        e = ERR_IO;
    } else if (!file_write(path, data, (size_t)size, mode, replace)) {
        e = io_say(t, path);
    }
    if (data != NULL && size > 0) OPENSSL_cleanse(data, (size_t)size);
    (void)BIO_free(out);
    return e;
}

enum err tls_pem_write(const char *path, const struct tls_pair *p,
                       enum tls_pem_kind kind, bool replace,
                       struct tls_trouble *t)
{
    tls_trouble_clear(t);
    BIO *out = BIO_new(BIO_s_mem());
    bool key = kind == TLS_PEM_KEY;
    bool filled =
        out != NULL && (key ? PEM_write_bio_PKCS8PrivateKey(out, p->key, NULL,
                                                            NULL, 0, NULL, NULL)
                            : PEM_write_bio_X509(out, p->cert)) == 1;
    return bio_write_free(out, filled, path, key ? SECRET_MODE : PUBLIC_MODE,
                          replace, t);
}

enum err tls_pem_crl_write(const char *path, X509_CRL *crl,
                           struct tls_trouble *t)
{
    tls_trouble_clear(t);
    BIO *out = BIO_new(BIO_s_mem());
    bool filled = out != NULL && PEM_write_bio_X509_CRL(out, crl) == 1;
    return bio_write_free(out, filled, path, PUBLIC_MODE, true, t);
}

enum err tls_pem_text_write(const char *path, const char *text,
                            struct tls_trouble *t)
{
    if (file_write(path, text, strlen(text), PUBLIC_MODE, true)) return OK;
    return io_say(t, path);
}

/* The file, open; NULL, and `t` says why. */
static BIO *file_open(const char *path, struct tls_trouble *t)
{
    tls_trouble_clear(t);
    BIO *in = BIO_new_file(path, "r");
    if (in == NULL) tls_trouble_setup(t, "'%s' cannot be read", path);
    return in;
}

X509 *tls_pem_cert_read(const char *path, struct tls_trouble *t)
{
    BIO *in = file_open(path, t);
    if (in == NULL) return NULL;
    X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    if (cert == NULL) tls_trouble_setup(t, "'%s' is no certificate", path);
    (void)BIO_free(in);
    return cert;
}

/* Without this OpenSSL would ask on the terminal. */
static int password_refuse(char *text, int size, int writing, void *context)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

EVP_PKEY *tls_pem_key_read(const char *path, struct tls_trouble *t)
{
    BIO *in = file_open(path, t);
    if (in == NULL) return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, password_refuse, NULL);
    if (key == NULL) tls_trouble_setup(t, "'%s' is no key", path);
    (void)BIO_free(in);
    return key;
}

X509_CRL *tls_pem_crl_read(const char *path, struct tls_trouble *t)
{
    BIO *in = file_open(path, t);
    if (in == NULL) return NULL;
    X509_CRL *crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
    if (crl == NULL) {
        tls_trouble_setup(t, "'%s' is no list of revoked certificates", path);
    }
    (void)BIO_free(in);
    return crl;
}
