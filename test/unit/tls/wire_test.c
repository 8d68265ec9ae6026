#include "lab_client.h"
#include "tls/wire.h"

static void bytes_come_and_go(void)
{
    struct lab_wire lab = lab_wire_new();
    BIO_METHOD *method = wire_method_new();
    REQUIRE(method != NULL);
    BIO *bio = BIO_new(method);
    REQUIRE(bio != NULL);
    BIO_set_data(bio, &lab.wire);
    char to[8];
    CHECK_EQ(BIO_read(bio, to, 4), -1);
    CHECK(BIO_should_retry(bio) && BIO_should_read(bio));
    lab.wire.in = bytes_at("hello", 5);
    CHECK_EQ(BIO_read(bio, to, 4), 4);
    CHECK_BYTES(to, 4, "hell", 4);
    CHECK_EQ(BIO_read(bio, to, 4), 1);
    CHECK_EQ(BIO_read(bio, to, 4), -1);
    CHECK_EQ(BIO_write(bio, "good", 4), 4);
    CHECK_EQ(BIO_write(bio, "bye", 3), 3);
    CHECK_EQ(BIO_flush(bio), 1);
    CHECK_BYTES(lab.wire.out.data, lab.wire.out.size, "goodbye", 7);
    CHECK_EQ(BIO_pending(bio), 0);
    BIO_free(bio);
    BIO_meth_free(method);
    lab_wire_free(&lab);
}

int main(void)
{
    RUN(bytes_come_and_go);
    return check_result();
}
