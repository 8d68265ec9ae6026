/* socket_bio.h - a socket as OpenSSL's source and sink of bytes. OpenSSL's own
 * writes with write(2), which kills a program whose peer has gone and that does
 * not ignore SIGPIPE: no library may ask that of its users.
 */
#ifndef MOGI_TLS_SOCKET_BIO_H
#define MOGI_TLS_SOCKET_BIO_H

struct bio_st;

/* A BIO for `fd`, a socket that never blocks; closing `fd` stays with the
 * caller. NULL: out of memory. Freed by SSL_free, when an SSL has it. */
struct bio_st *socket_bio_new(int fd);

#endif
