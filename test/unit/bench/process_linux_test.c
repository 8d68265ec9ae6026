#include "bench/process.h"
#include "check.h"

static void ourselves(void)
{
    uint32_t pid = (uint32_t)getpid();
    struct bench_process before = bench_process_read(pid);
    REQUIRE(before.known);
    CHECK(before.resident_bytes > 100000);
    size_t size = (size_t)32 << 20;
    volatile char *memory = malloc(size);
    REQUIRE(memory != NULL);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < size; i += 512) {
            memory[i] = (char)(i + round);
        }
    }
    struct bench_process after = bench_process_read(pid);
    CHECK(after.resident_bytes >= before.resident_bytes + size);
    CHECK(after.cpu_ns > before.cpu_ns);
    free((void *)(uintptr_t)memory);
}

static void nobody(void)
{
    CHECK(!bench_process_read(0).known);
    CHECK(!bench_process_read(0x7fffffff).known);
}

int main(void)
{
    RUN(ourselves);
    RUN(nobody);
    return check_result();
}
