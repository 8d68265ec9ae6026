#include "check.h"
#include "tls/tickets.h"

#include <openssl/core_names.h>

enum { NOW_S = 1000000 };

/* The words of a ticket, through the keys and back. */
struct ticket {
    unsigned char name[TICKETS_NAME_SIZE];
    unsigned char iv[EVP_MAX_IV_LENGTH];
    unsigned char text[64];
    int size;
};

static int run(struct tickets *tickets, struct ticket *ticket, int encrypt,
               int64_t now_s, unsigned char mac_out[EVP_MAX_MD_SIZE])
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
    int result = tickets_use(tickets, ticket->name, ticket->iv, cipher, mac,
                             encrypt, now_s);
    if (result > 0) {
        int size, rest;
        unsigned char out[128];
        CHECK_EQ(
            EVP_CipherUpdate(cipher, out, &size, ticket->text, ticket->size),
            1);
        CHECK_EQ(EVP_CipherFinal_ex(cipher, out + size, &rest), 1);
        ticket->size = size + rest;
        memcpy(ticket->text, out, (size_t)ticket->size);
        size_t mac_size;
        CHECK_EQ(EVP_MAC_init(mac, NULL, 0, NULL), 1);
        CHECK_EQ(EVP_MAC_final(mac, mac_out, &mac_size, EVP_MAX_MD_SIZE), 1);
        CHECK_EQ(mac_size, 32);
    }
    EVP_CIPHER_CTX_free(cipher);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
    return result;
}

static struct ticket make(struct tickets *tickets, int64_t now_s,
                          unsigned char mac[EVP_MAX_MD_SIZE])
{
    struct ticket ticket = {.text = "session", .size = 8};
    CHECK_EQ(run(tickets, &ticket, 1, now_s, mac), 1);
    CHECK(ticket.size == 16 && memcmp(ticket.text, "session", 8) != 0);
    return ticket;
}

static int read_back(struct tickets *tickets, struct ticket ticket,
                     int64_t now_s)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    int result = run(tickets, &ticket, 0, now_s, mac);
    if (result > 0) CHECK_STR((const char *)ticket.text, "session");
    return result;
}

static void what_is_made_is_read(void)
{
    unsigned char made[EVP_MAX_MD_SIZE], seen[EVP_MAX_MD_SIZE];
    struct tickets *tickets = tickets_new();
    REQUIRE(tickets != NULL);
    struct ticket ticket = make(tickets, NOW_S, made);
    CHECK_EQ(read_back(tickets, ticket, NOW_S), 1);
    struct ticket copy = ticket;
    CHECK_EQ(run(tickets, &copy, 0, NOW_S, seen), 1);
    CHECK_BYTES(seen, 32, made, 32);
    /* Others have other keys. */
    struct tickets *others = tickets_new();
    REQUIRE(others != NULL);
    CHECK_EQ(read_back(others, ticket, NOW_S), 0);
    (void)make(others, NOW_S, made);
    CHECK_EQ(read_back(others, ticket, NOW_S), 0);
    tickets_unref(others);
    CHECK(tickets_ref(tickets) == tickets);
    tickets_unref(tickets);
    CHECK_EQ(read_back(tickets, ticket, NOW_S), 1);
    tickets_unref(tickets);
    tickets_unref(NULL);
}

static void keys_grow_old(void)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    struct tickets *tickets = tickets_new();
    struct ticket first = make(tickets, NOW_S, mac);
    CHECK_EQ(read_back(tickets, first, NOW_S + TICKETS_LIFE_S - 1), 1);
    /* Old: read, and worth a new one, whether there is a new key or not. */
    CHECK_EQ(read_back(tickets, first, NOW_S + TICKETS_LIFE_S), 2);
    struct ticket second = make(tickets, NOW_S + TICKETS_LIFE_S, mac);
    CHECK(memcmp(first.name, second.name, sizeof first.name) != 0);
    CHECK_EQ(read_back(tickets, first, NOW_S + TICKETS_LIFE_S), 2);
    CHECK_EQ(read_back(tickets, second, NOW_S + TICKETS_LIFE_S), 1);
    /* Too old. */
    CHECK_EQ(read_back(tickets, first, NOW_S + 2 * TICKETS_LIFE_S), 0);
    /* Nothing was made for long: nothing old is kept. */
    struct ticket third = make(tickets, NOW_S + 10 * TICKETS_LIFE_S, mac);
    CHECK_EQ(read_back(tickets, second, NOW_S + 10 * TICKETS_LIFE_S), 0);
    CHECK_EQ(read_back(tickets, third, NOW_S + 10 * TICKETS_LIFE_S), 1);
    /* A clock that is set back makes a new key. */
    struct ticket fourth = make(tickets, NOW_S, mac);
    CHECK(memcmp(third.name, fourth.name, sizeof third.name) != 0);
    tickets_unref(tickets);
}

int main(void)
{
    RUN(what_is_made_is_read);
    RUN(keys_grow_old);
    return check_result();
}
