/* merge_test.c - what a group undoes itself is never written. */
#include "check.h"
#include "store/crc32c.h"
#include "store/merge.h"

#include <stdlib.h>

static struct index names;

/* Add a batch of the words in `text`: "a=1" PUT, "a" DEL, "M1+x" HOLD with a
 * value, "M1+" without, "M1-" DROP. Values are long. */
static void batch_add(struct link *group, uint64_t number, const char *text)
{
    static char value[400];
    memset(value, 'v', sizeof value);
    char copy[256];
    struct store_change changes[16];
    size_t count = 0, size = 0;
    snprintf(copy, sizeof copy, "%s", text);
    char *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        size_t end = strcspn(word, "=+-");
        struct store_change *change = &changes[count++];
        *change = (struct store_change){.kind = STORE_DEL,
                                        .key = bytes_at(word, end)};
        if (word[end] == '=') change->kind = STORE_PUT;
        if (word[end] == '+') change->kind = STORE_HOLD;
        if (word[end] == '-') change->kind = STORE_DROP;
        bool valued = word[end] != 0 && word[end + 1] != 0;
        if (valued) change->value = bytes_at(value, sizeof value);
        if (valued) change->tail = bytes_of(word + end + 1);
        size += logframe_change_size(change);
    }
    struct batch *batch = calloc(
        1, sizeof *batch + count * sizeof(struct spot) + logframe_size(size));
    REQUIRE(batch != NULL);
    batch->number = number;
    batch->count = (uint32_t)count;
    batch->size = (uint32_t)size;
    batch->frame = (uint8_t *)(batch->spots + count);
    uint8_t *body = batch->frame + LOGFRAME_HEAD_BYTES, *at = body;
    for (size_t i = 0; i < count; i++) {
        batch->spots[i] =
            (struct spot){.key = index_key(&names, changes[i].key),
                          .offset = (uint32_t)(at - body),
                          .kind = (uint8_t)changes[i].kind,
                          .value = changes[i].value.size > 0};
        at = logframe_change_write(at, &changes[i]);
    }
    list_push(group, &batch->link);
}

/* What the group is now: its words, and "|" between batches. */
static const char *group_text(const struct link *group)
{
    static char text[1024];
    text[0] = 0;
    static const char SIGNS[] = {[STORE_PUT] = '=',
                                 [STORE_DEL] = 0,
                                 [STORE_HOLD] = '+',
                                 [STORE_DROP] = '-'};
    LIST_EACH(at, after, group) {
        struct batch *batch = OWNER(at, struct batch, link);
        struct bytes body =
            bytes_at(batch->frame + LOGFRAME_HEAD_BYTES, batch->size);
        size_t end = strlen(text);
        if (end > 0) snprintf(text + end, sizeof text - end, "| ");
        size_t offset = 0;
        for (uint32_t i = 0; i < batch->count; i++) {
            struct logframe_change c;
            CHECK_EQ(batch->spots[i].offset, offset);
            REQUIRE(logframe_change_read(body, &offset, &c) == OK);
            struct index_key key = index_key(&names, c.key);
            CHECK_EQ(batch->spots[i].key.first, key.first);
            CHECK_EQ(batch->spots[i].kind, c.kind);
            size_t size = strlen(text);
            struct bytes tail =
                bytes_skip(c.value, c.value.size > 400 ? 400 : 0);
            snprintf(text + size, sizeof text - size, "%.*s%.1s%.*s ",
                     (int)c.key.size, (const char *)c.key.data,
                     SIGNS[c.kind] == 0 ? "" : &SIGNS[c.kind], (int)tail.size,
                     (const char *)tail.data);
        }
        CHECK_EQ(offset, batch->size);
    }
    return text;
}

static void group_free(struct link *group)
{
    LIST_EACH(at, after, group) {
        list_remove(at);
        free(OWNER(at, struct batch, link));
    }
}

/* Merge the batches (NULL ends them), and compare. */
static void merges(const char *first, const char *second, const char *third,
                   const char *wanted)
{
    struct link group;
    list_init(&group);
    uint64_t number = 0;
    batch_add(&group, ++number, first);
    if (second != NULL) batch_add(&group, ++number, second);
    if (third != NULL) batch_add(&group, ++number, third);
    batches_merge(&group);
    CHECK_STR(group_text(&group), wanted);
    struct batch *last = OWNER(group.prev, struct batch, link);
    CHECK_EQ(last->number, number);
    group_free(&group);
}

static void what_is_undone_goes(void)
{
    merges("a=1 M1+x", "b=1", "a M1-", "b=1 a ");
    merges("a=1 a=2 a=3", NULL, NULL, "a=3 ");
    merges("a=1 a", NULL, NULL, "a ");
    merges("M1+x M1+ M1+", "M1- M1-", "M1-", "");
}

static void what_counts_stays(void)
{
    /* Somebody still refers to it. */
    merges("M1+x M1+ a=1", "M1- a=2", NULL, "M1+x M1+ M1- a=2 ");
    /* It may have been there before. */
    merges("M1- a=1 a=2", "M1+x", "M1-", "M1- a=2 M1+x M1- ");
    merges("M1+ M1+x a=1", "M1- a=2", "M1-", "M1+ M1+x M1- a=2 M1- ");
    /* After it was gone it comes again. */
    merges("M1+x a=1 a=2", "M1-", "M1+y", "M1+x a=2 M1- M1+y ");
}

static void what_saves_little_is_left(void)
{
    merges("a=1", "b=2", NULL, "a=1 | b=2 ");
    merges("a", "b=2", "a", "a | b=2 | a ");
}

int main(void)
{
    REQUIRE(index_init(&names, (const uint8_t *)"0123456789abcdef") == OK);
    RUN(what_is_undone_goes);
    RUN(what_counts_stays);
    RUN(what_saves_little_is_left);
    index_fini(&names);
    return check_result();
}
