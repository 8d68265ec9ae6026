/* list.h - an intrusive doubly linked ring. A `link` sits in its owner. */
#ifndef MOGI_BASE_LIST_H
#define MOGI_BASE_LIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    struct link *prev;
    struct link *next;
};

/* The struct of type `type` whose member `member` is `*ptr`. By way of a
 * number, so that `type` may be const when `*ptr` is. */
#define OWNER(ptr, type, member)                                               \
    ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

/* Walk a list whose current element may be removed in the body. */
#define LIST_EACH(at, after, head)                                             \
    for (struct link *at = (head)->next, *after = at->next; at != (head);      \
         at = after, after = at->next)

/* What makes the constant `head` an empty list, which nobody may add to. */
#define LIST_EMPTY(head)                                                       \
    {                                                                          \
        (struct link *)(uintptr_t) & (head),                                   \
            (struct link *)(uintptr_t) & (head)                                \
    }

/* Make `head` an empty list, or `link` a link that is in none. */
static inline void list_init(struct link *head)
{
    head->prev = head;
    head->next = head;
}

/* No link but the head itself? */
static inline bool list_empty(const struct link *head)
{
    return head->next == head;
}

/* Insert `link`, which is in no list, at the tail. */
static inline void list_push(struct link *head, struct link *link)
{
    assert(head->prev != NULL);
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Insert `link`, which is in no list, at the front. */
static inline void list_unshift(struct link *head, struct link *link)
{
    list_push(head->next, link);
}

/* Take `link` out; it is then in no list. Taking it out again is harmless. */
static inline void list_remove(struct link *link)
{
    assert(link->prev != NULL && link->next != NULL);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

#endif
