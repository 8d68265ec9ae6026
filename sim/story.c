/* story.c - lines of a play, as a life goes on. */
#include "sim/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE_BYTES_MAX = 4096 };

struct story *story_new(bool exact)
{
    struct story *story =
        mmap(NULL, sizeof(*story), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (story == MAP_FAILED) abort();
    story->exact = exact;
    return story;
}

void story_free(struct story *story)
{
    munmap(story, sizeof(*story));
}

static void wait_tell(struct story *story)
{
    uint64_t wait_ms = story->wait_ms;
    story->wait_ms = 0;
    if (wait_ms > 0) story_tell(story, "wait %" PRIu64 "ms", wait_ms);
}

__attribute__((format(printf, 2, 0))) static void tell(struct story *story,
                                                       const char *format,
                                                       va_list arguments)
{
    wait_tell(story);
    if (STORY_BYTES_MAX - story->size < LINE_BYTES_MAX) {
        story->full = true;
        return;
    }
    char *at = story->text + story->size;
    int size = vsnprintf(at, LINE_BYTES_MAX, format, arguments);
    if (size < 0 || size >= LINE_BYTES_MAX - 1) abort();
    memcpy(at + size, "\n", 2);
    story->size += (size_t)size + 1;
}

void story_wait(struct story *story, uint64_t ms)
{
    if (story != NULL) story->wait_ms += ms;
}

void story_tell(struct story *story, const char *format, ...)
{
    if (story == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    tell(story, format, arguments);
    va_end(arguments);
}

void story_detail(struct story *story, const char *format, ...)
{
    if (story == NULL || !story->exact) return;
    va_list arguments;
    va_start(arguments, format);
    tell(story, format, arguments);
    va_end(arguments);
}

/* A 5.0 session that ends with its connection: plays assume another. */
static bool expiry_absent(const struct words *packet)
{
    return packet->type == PACKET_CONNECT &&
           words_number(packet, "v", 5) == 5 &&
           words_number(packet, "clean", 1) == 0 &&
           words_find(packet, "expiry") == NULL;
}

void story_packet(struct story *story, const char *who, bool expects,
                  const struct words *packet)
{
    char text[LINE_BYTES_MAX / 2];
    if (story == NULL) return;
    words_write(packet, text, sizeof(text));
    story_tell(story, "%s %s%s%s", who, expects ? "expect " : "", text,
               expiry_absent(packet) ? " expiry=-" : "");
}

void story_claim(struct story *story, const char *format, ...)
{
    if (story == NULL || story->claim[0] != 0) return;
    wait_tell(story);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(story->claim, sizeof(story->claim), format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof(story->claim)) abort();
}
