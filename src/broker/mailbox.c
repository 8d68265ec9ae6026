/* mailbox.c - see mailbox.h. */
#include "broker/mailbox.h"

#include "auth/call.h"
#include "broker/block.h"
#include "broker/settings.h"
#include "core/message.h"
#include "net/shield.h"
#include "net/socket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Walk the numbers of the bits in `set`, lowest first. */
#define EACH_BIT(index, set)                                                   \
    for (unsigned index = 0; index < SHARDS_MAX; index++)                      \
        if (((set) >> index & 1) != 0)

void mailbox_init(struct mailbox *box, uv_loop_t *loop, uv_async_cb wake,
                  void *data)
{
    *box = (struct mailbox){.asleep = true};
    int error = uv_mutex_init(&box->lock);
    assert(error == 0);
    error = uv_async_init(loop, &box->wake, wake);
    assert(error == 0);
    box->wake.data = data;
}

void mailbox_fini(struct mailbox *box)
{
    mails_fini(&box->waiting);
    uv_mutex_destroy(&box->lock);
}

/* An empty bundle at the end of `mails`, for at least one piece of mail that
 * brings `size` bytes. */
static struct bundle *bundle_add(struct mails *mails, size_t size)
{
    size_t whole = mails->first == NULL ? BUNDLE_FIRST : BUNDLE_NEXT;
    size_t least = sizeof(struct bundle) + sizeof(struct mail) + size;
    assert(least <= UINT32_MAX);
    if (whole < least) whole = least;
    struct bundle *bundle = block_grow(NULL, whole);
    uint32_t room = (uint32_t)(whole - sizeof *bundle);
    *bundle = (struct bundle){.size = room, .room = room};
    if (mails->first == NULL) {
        mails->first = bundle;
    } else {
        mails->last->next = bundle;
    }
    mails->last = bundle;
    return bundle;
}

/* Room for one more piece of mail at the end of `mails`, and for the `size`
 * bytes, at `*bytes`, that it brings. */
static struct mail *mails_grow(struct mails *mails, size_t size,
                               uint8_t **bytes)
{
    struct bundle *bundle = mails->last;
    if (mails->first == NULL || bundle->room < sizeof(struct mail) + size) {
        bundle = bundle_add(mails, size);
    }
    size_t used = bundle->count * sizeof(struct mail) + bundle->room;
    assert(used <= bundle->size);
    *bytes = (uint8_t *)bundle->list + used - size;
    bundle->room -= (uint32_t)(sizeof(struct mail) + size);
    mails->count++;
    return &bundle->list[bundle->count++];
}

void mails_add(struct mails *mails, struct mail mail, size_t weight)
{
    uint8_t *bytes;
    *mails_grow(mails, 0, &bytes) = mail;
    mails->weight += weight;
}

void mails_add_post(struct mails *mails, const struct post *post,
                    struct bytes packed)
{
    uint8_t *bytes;
    struct mail *mail = mails_grow(mails, packed.size, &bytes);
    mail->kind = MAIL_POST;
    mail->post = *post;
    mails->weight += MAIL_WEIGHT + packed.size;
    if (post->body != NULL) mails->weight += post->body->size;
    if (packed.size == 0) return;
    memcpy(bytes, packed.data, packed.size);
    mail->post.packed = bytes_at(bytes, packed.size);
}

struct mail *mails_next(struct mails *mails)
{
    struct bundle *bundle = mails->first;
    while (bundle != NULL && bundle->read == bundle->count) {
        mails->first = bundle->next;
        free(bundle);
        bundle = mails->first;
    }
    if (bundle == NULL) {
        assert(mails->count == 0);
        *mails = (struct mails){0};
        return NULL;
    }
    assert(mails->count > 0);
    mails->count--;
    return &bundle->list[bundle->read++];
}

static void mail_drop(struct mail *mail)
{
    if (mail->kind == MAIL_POST) post_drop(&mail->post);
    if (mail->kind == MAIL_RELOAD) settings_unref(mail->settings);
    /* Its guest is gone, so it was given up, and frees itself. */
    if (mail->kind == MAIL_WOKEN) auth_call_back(mail->call);
    if (mail->kind == MAIL_LOADED) free(mail->loaded);
    if (mail->kind != MAIL_MOVED) return;
    socket_close(mail->moved->fd);
    shield_free(mail->moved->shield);
    free(mail->moved->identity);
    free(mail->moved);
}

void mails_fini(struct mails *mails)
{
    for (struct mail *mail; (mail = mails_next(mails)) != NULL;)
        mail_drop(mail);
}

/* Link all of `from` behind what `to` has. */
static void mails_move(struct mails *to, struct mails *from)
{
    if (from->first == NULL) return;
    if (to->first == NULL) {
        to->first = from->first;
    } else {
        to->last->next = from->first;
    }
    to->last = from->last;
    to->count += from->count;
    to->weight += from->weight;
    *from = (struct mails){0};
}

/* Add `from` to what waits, under the lock. Must the owner be woken? */
static bool mailbox_add(struct mailbox *box, struct mails *from)
{
    mails_move(&box->waiting, from);
    atomic_store_explicit(&box->filled, true, memory_order_release);
    return atomic_exchange(&box->asleep, false);
}

uint64_t mailbox_push(struct mailbox *boxes, struct mails *out,
                      uint64_t targets, uint16_t from)
{
    uint64_t full = 0, asleep = 0;
    /* Always from the lowest up: two who push never wait for one another. */
    EACH_BIT(i, targets) uv_mutex_lock(&boxes[i].lock);
    EACH_BIT(i, targets)
    {
        struct mailbox *box = &boxes[i];
        if (mailbox_add(box, &out[i])) asleep |= (uint64_t)1 << i;
        if (box->waiting.weight + box->taken <= MAILBOX_HIGH) continue;
        full |= (uint64_t)1 << i;
        box->waiters |= (uint64_t)1 << from;
    }
    EACH_BIT(i, targets) uv_mutex_unlock(&boxes[i].lock);
    EACH_BIT(i, asleep) mailbox_wake(&boxes[i]);
    return full;
}

void mailbox_push_one(struct mailbox *box, struct mail mail)
{
    struct mails mails = {0};
    mails_add(&mails, mail, MAIL_WEIGHT);
    uv_mutex_lock(&box->lock);
    bool asleep = mailbox_add(box, &mails);
    uv_mutex_unlock(&box->lock);
    if (asleep) mailbox_wake(box);
}

void mailbox_take(struct mailbox *box, struct mails *mails)
{
    assert(mails->first == NULL && mails->count == 0);
    uv_mutex_lock(&box->lock);
    assert(box->taken == 0);
    mails_move(mails, &box->waiting);
    box->taken = mails->weight;
    atomic_store_explicit(&box->filled, false, memory_order_relaxed);
    uv_mutex_unlock(&box->lock);
}

bool mailbox_is_empty(const struct mailbox *box)
{
    return !atomic_load_explicit(&box->filled, memory_order_acquire);
}

bool mailbox_doze(struct mailbox *box)
{
    uv_mutex_lock(&box->lock);
    bool empty = box->waiting.first == NULL;
    atomic_store_explicit(&box->asleep, empty, memory_order_relaxed);
    uv_mutex_unlock(&box->lock);
    return empty;
}

void mailbox_rouse(struct mailbox *box)
{
    atomic_store_explicit(&box->asleep, false, memory_order_relaxed);
}

uint64_t mailbox_settle(struct mailbox *box)
{
    uv_mutex_lock(&box->lock);
    box->taken = 0;
    uint64_t waiters = 0;
    if (box->waiting.weight <= MAILBOX_LOW) {
        waiters = box->waiters;
        box->waiters = 0;
    }
    uv_mutex_unlock(&box->lock);
    return waiters;
}

bool mailbox_wait(struct mailbox *box, uint16_t from)
{
    uv_mutex_lock(&box->lock);
    bool full = box->waiting.weight + box->taken > MAILBOX_LOW;
    if (full) box->waiters |= (uint64_t)1 << from;
    uv_mutex_unlock(&box->lock);
    return full;
}

void mailbox_wake(struct mailbox *box)
{
    int error = uv_async_send(&box->wake);
    assert(error == 0);
}
