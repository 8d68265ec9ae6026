#include "scene.h"

static int mode_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (int)(about.st_mode & 0777) : -1;
}

static void there_and_back(void)
{
    struct tls_trouble t;
    struct tls_pair read;
    CHECK_EQ(mode_of(scene_path("ca.key")), 0600);
    read.cert = tls_pem_cert_read(scene_path("ca.crt"), &t);
    read.key = tls_pem_key_read(scene_path("ca.key"), &t);
    REQUIRE(read.cert != NULL && read.key != NULL);
    CHECK_EQ(X509_cmp(read.cert, scene_ca.cert), 0);
    CHECK_EQ(EVP_PKEY_eq(read.key, scene_ca.key), 1);
    CHECK(tls_pem_key_read(scene_path("ca.crt"), &t) == NULL);
    CHECK_EQ(t.kind, TLS_SETUP);
    CHECK(tls_pem_cert_read(scene_path("ca.key"), &t) == NULL);
    CHECK(tls_pem_cert_read(scene_path("none"), &t) == NULL);
    CHECK(strstr(t.text, "No such file") != NULL);
    CHECK(tls_pem_crl_read(scene_path("ca.crt"), &t) == NULL);
    tls_pair_fini(&read);
}

static void nothing_is_replaced_unasked(void)
{
    struct tls_trouble t;
    struct tls_pair other = scene_pair(TLS_FOR_CA, "other", NULL, -1, 1);
    const char *path = scene_path("ca.key");
    CHECK_EQ(tls_pem_write(path, &other, TLS_PEM_KEY, false, &t), ERR_IO);
    CHECK(strstr(t.text, "exists already") != NULL);
    CHECK_EQ(mode_of(scene_path("ca.key.new")), -1);
    EVP_PKEY *key = tls_pem_key_read(path, &t);
    CHECK_EQ(EVP_PKEY_eq(key, scene_ca.key), 1);
    EVP_PKEY_free(key);
    path = scene_path("other.key");
    CHECK_EQ(tls_pem_write(path, &other, TLS_PEM_KEY, false, &t), OK);
    CHECK_EQ(mode_of(path), 0600);
    CHECK_EQ(tls_pem_write(path, &scene_ca, TLS_PEM_KEY, true, &t), OK);
    key = tls_pem_key_read(path, &t);
    CHECK_EQ(EVP_PKEY_eq(key, scene_ca.key), 1);
    EVP_PKEY_free(key);
    tls_pair_fini(&other);
}

static void other_files(void)
{
    struct tls_trouble t;
    CHECK_EQ(tls_pem_text_write(scene_path("a"), "words", &t), OK);
    CHECK_EQ(tls_pem_text_write(scene_path("a"), "more", &t), OK);
    char text[16] = "";
    FILE *file = fopen(scene_path("a"), "r");
    REQUIRE(file != NULL && fgets(text, sizeof text, file) != NULL);
    CHECK_STR(text, "more");
    (void)fclose(file);
    CHECK_EQ(tls_pem_text_write(scene_path("no/a"), "x", &t), ERR_IO);
    X509_CRL *crl;
    REQUIRE(tls_crl_make(&scene_ca, NULL, NULL, 0, 1, &crl, &t) == OK);
    CHECK_EQ(tls_pem_crl_write(scene_path("ca.crl"), crl, &t), OK);
    CHECK_EQ(tls_pem_crl_write(scene_path("ca.crl"), crl, &t), OK);
    X509_CRL *read = tls_pem_crl_read(scene_path("ca.crl"), &t);
    REQUIRE(read != NULL);
    CHECK_EQ(X509_CRL_cmp(read, crl), 0);
    tls_crl_free(read);
    tls_crl_free(crl);
}

int main(void)
{
    scene_set();
    RUN(there_and_back);
    RUN(nothing_is_replaced_unasked);
    RUN(other_files);
    scene_clear();
    return check_result();
}
