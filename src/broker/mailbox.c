/* mailbox.c - see mailbox.h. */
#include "broker/mailbox.h"

#include "auth/call.h"
#include "broker/block.h"
#include "broker/settings.h"
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
    *box = (struct mailbox){0};
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

static void mails_reserve(struct mails *mails, size_t count)
{
    if (mails->count + count <= mails->capacity) return;
    size_t capacity = mails->capacity == 0 ? 64 : mails->capacity;
    while (capacity < mails->count + count)
        capacity *= 2;
    mails->list = block_grow(mails->list, capacity * sizeof *mails->list);
    mails->capacity = capacity;
}

void mails_add(struct mails *mails, struct mail mail)
{
    mails_reserve(mails, 1);
    mails->list[mails->count++] = mail;
    mails->weight += mail.weight;
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
    for (size_t i = 0; i < mails->count; i++)
        mail_drop(&mails->list[i]);
    free(mails->list);
    *mails = (struct mails){0};
}

/* Move all of `from` behind what `to` has. */
static void mails_move(struct mails *to, struct mails *from)
{
    if (to->count == 0) {
        struct mails empty = *to;
        *to = *from;
        *from = empty;
        return;
    }
    mails_reserve(to, from->count);
    memcpy(to->list + to->count, from->list, from->count * sizeof *from->list);
    to->count += from->count;
    to->weight += from->weight;
    from->count = from->weight = 0;
}

uint64_t mailbox_push(struct mailbox *boxes, struct mails *out,
                      uint64_t targets, uint16_t from)
{
    uint64_t full = 0, idle = 0;
    /* Always from the lowest up: two who push never wait for one another. */
    EACH_BIT(i, targets) uv_mutex_lock(&boxes[i].lock);
    EACH_BIT(i, targets)
    {
        struct mailbox *box = &boxes[i];
        if (box->waiting.count == 0) idle |= (uint64_t)1 << i;
        mails_move(&box->waiting, &out[i]);
        if (box->waiting.weight + box->taken <= MAILBOX_HIGH) continue;
        full |= (uint64_t)1 << i;
        box->waiters |= (uint64_t)1 << from;
    }
    EACH_BIT(i, targets) uv_mutex_unlock(&boxes[i].lock);
    EACH_BIT(i, idle) mailbox_wake(&boxes[i]);
    return full;
}

void mailbox_push_one(struct mailbox *box, struct mail mail)
{
    uv_mutex_lock(&box->lock);
    mails_add(&box->waiting, mail);
    uv_mutex_unlock(&box->lock);
    mailbox_wake(box);
}

void mailbox_take(struct mailbox *box, struct mails *mails)
{
    assert(mails->count == 0);
    uv_mutex_lock(&box->lock);
    assert(box->taken == 0);
    struct mails empty = *mails;
    *mails = box->waiting;
    box->waiting = empty;
    box->taken = mails->weight;
    uv_mutex_unlock(&box->lock);
}

bool mailbox_is_empty(struct mailbox *box)
{
    uv_mutex_lock(&box->lock);
    bool empty = box->waiting.count == 0;
    uv_mutex_unlock(&box->lock);
    return empty;
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
