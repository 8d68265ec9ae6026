/* material.c - see material.h. */
#include "tls/material.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SECURITY_LEVEL = 2 };

void material_defaults(SSL_CTX *context)
{
    int done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    assert(done == 1);
    (void)SSL_CTX_set_options(context,
                              SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
}

/* Can `path` be opened to read? What fails later is then its content. */
static enum err file_check(const char *what, const char *path,
                           struct trouble_text *trouble)
{
    assert(path[0] != '\0');
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        explain(trouble, "cannot read the %s %s: %s", what, path,
                strerror(errno));
        return ERR_CONFIG;
    }
    struct stat about;
    bool folder = fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode);
    (void)fclose(file);
    if (!folder) return OK;
    explain(trouble, "the %s %s is a folder, not a file", what, path);
    return ERR_CONFIG;
}

/* What is wrong with the content of a file, from OpenSSL's queue. */
static enum err content_fail(const char *what, const char *path,
                             struct trouble_text *trouble)
{
    unsigned long code = ERR_peek_error();
    if (ERR_GET_LIB(code) == ERR_LIB_PEM &&
        ERR_GET_REASON(code) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        explain(
            trouble,
            "the %s %s holds nothing of that kind in PEM form (a line "
            "\"-----BEGIN ...\"); a DER file is converted by \"openssl x509 "
            "-inform der\" or \"openssl pkey -inform der\"",
            what, path);
        ERR_clear_error();
        return ERR_CONFIG;
    }
    explain(trouble, "the %s %s is of no use: %s", what, path,
            explain_reason());
    return ERR_CONFIG;
}

/* Does the last error say that key and certificate are strangers? */
static bool error_is_mismatch(void)
{
    unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_X509 &&
           (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH);
}

static enum err pair_fail(const char *certfile, const char *keyfile,
                          struct trouble_text *trouble)
{
    ERR_clear_error();
    explain(trouble,
            "the keyfile %s does not belong to the certfile %s; its first "
            "certificate must be the one of this key",
            keyfile, certfile);
    return ERR_CONFIG;
}

/* Nobody is there to be asked for a passphrase. */
static int on_passphrase(char *text, int size, int writing, void *asked)
{
    (void)text;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static enum err key_read(SSL_CTX *context, const char *certfile,
                         const char *keyfile, struct trouble_text *trouble)
{
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(context, on_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    int done = SSL_CTX_use_PrivateKey_file(context, keyfile, SSL_FILETYPE_PEM);
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    SSL_CTX_set_default_passwd_cb(context, NULL);
    if (done == 1) return OK;
    if (asked) {
        ERR_clear_error();
        explain(trouble,
                "the keyfile %s is protected by a passphrase, and nobody is "
                "there to type it: write a key without one (openssl pkey -in "
                "%s -out NEW) that only its user can read (chmod 600 NEW)",
                keyfile, keyfile);
        return ERR_CONFIG;
    }
    if (error_is_mismatch()) return pair_fail(certfile, keyfile, trouble);
    return content_fail("keyfile", keyfile, trouble);
}

enum err material_certificate(SSL_CTX *context, const char *certfile,
                              const char *keyfile, struct trouble_text *trouble)
{
    enum err err = file_check("certfile", certfile, trouble);
    if (err == OK) err = file_check("keyfile", keyfile, trouble);
    if (err != OK) return err;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certfile) != 1) {
        return content_fail("certfile", certfile, trouble);
    }
    err = key_read(context, certfile, keyfile, trouble);
    if (err != OK) return err;
    if (SSL_CTX_check_private_key(context) != 1) {
        return pair_fail(certfile, keyfile, trouble);
    }
    return OK;
}

static enum err folder_check(const char *capath, struct trouble_text *trouble)
{
    struct stat about;
    if (stat(capath, &about) != 0) {
        explain(trouble, "cannot read the capath %s: %s", capath,
                strerror(errno));
        return ERR_CONFIG;
    }
    if (S_ISDIR(about.st_mode)) return OK;
    explain(trouble, "the capath %s is no folder; a file of CAs is \"cafile\"",
            capath);
    return ERR_CONFIG;
}

enum err material_authorities(SSL_CTX *context, const char *cafile,
                              const char *capath, struct trouble_text *trouble)
{
    enum err err;
    ERR_clear_error();
    if (cafile != NULL) {
        err = file_check("cafile", cafile, trouble);
        if (err != OK) return err;
        if (SSL_CTX_load_verify_file(context, cafile) != 1) {
            return content_fail("cafile", cafile, trouble);
        }
    }
    if (capath != NULL) {
        err = folder_check(capath, trouble);
        if (err != OK) return err;
        if (SSL_CTX_load_verify_dir(context, capath) != 1) {
            return content_fail("capath", capath, trouble);
        }
    }
    return OK;
}

enum err material_revoked(SSL_CTX *context, const char *crlfile,
                          struct trouble_text *trouble)
{
    enum err err = file_check("crlfile", crlfile, trouble);
    if (err != OK) return err;
    ERR_clear_error();
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == NULL ||
        X509_load_crl_file(lookup, crlfile, X509_FILETYPE_PEM) < 1) {
        return content_fail("crlfile", crlfile, trouble);
    }
    ERR_clear_error();
    (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return OK;
}

enum err material_ciphers(SSL_CTX *context, const char *ciphers,
                          const char *suites, struct trouble_text *trouble)
{
    ERR_clear_error();
    if (ciphers != NULL && SSL_CTX_set_cipher_list(context, ciphers) != 1) {
        ERR_clear_error();
        explain(trouble,
                "ciphers '%s' names no cipher of TLS 1.2; \"openssl ciphers "
                "-tls1_2 -s\" lists them",
                ciphers);
        return ERR_CONFIG;
    }
    if (suites != NULL && SSL_CTX_set_ciphersuites(context, suites) != 1) {
        ERR_clear_error();
        explain(trouble,
                "ciphers_tls1.3 '%s' is no list of suites of TLS 1.3; "
                "\"openssl ciphers -tls1_3 -s\" lists them",
                suites);
        return ERR_CONFIG;
    }
    return OK;
}

enum err material_version(SSL_CTX *context, const char *word,
                          struct trouble_text *trouble)
{
    int version = 0;
    if (strcmp(word, "tlsv1.2") == 0) version = TLS1_2_VERSION;
    if (strcmp(word, "tlsv1.3") == 0) version = TLS1_3_VERSION;
    if (version == 0) {
        explain(trouble,
                "the version of TLS is tlsv1.2 or tlsv1.3, not '%s'; older "
                "ones are no longer safe (RFC 8996)",
                word);
        return ERR_CONFIG;
    }
    int done = SSL_CTX_set_min_proto_version(context, version);
    assert(done == 1);
    return OK;
}

bool material_is_open(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (about.st_mode & S_IROTH) != 0;
}
