/* report.c - see report.h. */
#include "bench/report.h"

#include "bench/receiver.h"

/* The counters as they are called in both reports; in their order. */
static const char *const counter_names[BENCH_COUNTER_COUNT] = {
    [BENCH_CONNECTED] = "connected",   [BENCH_SUBSCRIBED] = "subscribed",
    [BENCH_FILTERED] = "filters",      [BENCH_SENT] = "sent",
    [BENCH_ACKED] = "acknowledged",    [BENCH_FINISHED] = "finished",
    [BENCH_DELIVERED] = "delivered",   [BENCH_DUPLICATED] = "duplicated",
    [BENCH_MISORDERED] = "misordered", [BENCH_FOREIGN] = "foreign",
    [BENCH_REFUSED] = "refused",       [BENCH_BROKEN] = "broken",
};

static const struct {
    const char *name;
    double percent;
} percentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99},
};

enum { PERCENTILE_COUNT = sizeof percentiles / sizeof *percentiles };

/* What a step adds to the broker's memory, and between which probes. */
struct share {
    const char *name;
    enum bench_phase from, to;
    enum bench_counter counter;
};

static const struct share shares[] = {
    {"connection", BENCH_CONNECTING, BENCH_SUBSCRIBING, BENCH_CONNECTED},
    {"filter", BENCH_SUBSCRIBING, BENCH_SENDING, BENCH_FILTERED},
    {"message", BENCH_SENDING, BENCH_DRAINING, BENCH_SENT},
};

enum {
    SHARE_COUNT = sizeof shares / sizeof *shares,
    SHARED_LEAST = 100 /* resident memory grows in pages: a share among fewer
                          says nothing to a reader */
};

static double seconds_between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
}

void bench_result_take(struct bench_result *result, const struct bench_run *run)
{
    const struct bench_plan *plan = run->plan;
    result->plan = plan;
    result->connections = run->conn_count;
    for (int i = 0; i < BENCH_COUNTER_COUNT; i++) {
        result->counters[i] = bench_total(run, (enum bench_counter)i);
    }
    result->lost = bench_receivers_lost(run);
    uint64_t sent = plan->past ? (uint64_t)plan->messages_each * plan->sources
                               : result->counters[BENCH_SENT];
    result->expected = sent * run->fan;
    const uint64_t *at = result->probe_ns;
    result->connect_s =
        seconds_between(at[BENCH_CONNECTING], at[BENCH_SUBSCRIBING]);
    result->subscribe_s =
        seconds_between(at[BENCH_SUBSCRIBING], at[BENCH_SENDING]);
    result->seconds = seconds_between(run->phase_ns[BENCH_SENDING],
                                      bench_run_arrived_ns(run));
    /* Stored messages flow as soon as their clients are there. */
    if (plan->past) {
        result->seconds =
            seconds_between(at[BENCH_CONNECTING], bench_run_arrived_ns(run));
    }
    for (uint32_t i = 0; i < run->thread_count; i++) {
        bench_histogram_merge(&result->latency, &run->threads[i].latency);
        bench_histogram_merge(&result->connect, &run->threads[i].connect);
        if (result->cipher[0] == '\0') {
            memcpy(result->cipher, run->threads[i].cipher,
                   sizeof result->cipher);
        }
    }
}

bool bench_result_faulty(const struct bench_result *result)
{
    const uint64_t *counters = result->counters;
    bool missing = counters[BENCH_CONNECTED] < result->connections;
    return missing || counters[BENCH_DUPLICATED] > 0 ||
           counters[BENCH_MISORDERED] > 0 || counters[BENCH_FOREIGN] > 0 ||
           counters[BENCH_REFUSED] > 0 || counters[BENCH_BROKEN] > 0 ||
           (result->plan->qos > 0 && result->lost > 0);
}

/* The broker's processor seconds from one probe to another; 0: not known. */
static double cpu_between(const struct bench_result *r, enum bench_phase from,
                          enum bench_phase to)
{
    if (!r->process[from].known || !r->process[to].known) return 0;
    return seconds_between(r->process[from].cpu_ns, r->process[to].cpu_ns);
}

/* Deliveries, or what was sent where nobody listens. */
static uint64_t result_messages(const struct bench_result *r)
{
    if (r->plan->receivers > 0) return r->counters[BENCH_DELIVERED];
    return r->counters[BENCH_SENT];
}

/* Of the step's messages. Stored ones begin to flow with the connection. */
static enum bench_phase messages_from(const struct bench_result *r)
{
    return r->plan->past ? BENCH_CONNECTING : BENCH_SENDING;
}

static double kernel_share(const struct bench_result *r)
{
    const struct bench_process *from = &r->process[messages_from(r)];
    const struct bench_process *to = &r->process[BENCH_DRAINING];
    uint64_t kernel = to->kernel_ticks - from->kernel_ticks;
    uint64_t all = kernel + to->user_ticks - from->user_ticks;
    return all == 0 ? 0 : (double)kernel / (double)all;
}

/* Bytes by which each of a kind made the broker grow. */
static double share_bytes(const struct bench_result *r,
                          const struct share *share)
{
    uint64_t count = r->counters[share->counter];
    const struct bench_process *from = &r->process[share->from];
    const struct bench_process *to = &r->process[share->to];
    if (count == 0 || !from->known || !to->known) return 0;
    return ((double)to->resident_bytes - (double)from->resident_bytes) /
           (double)count;
}

static void latency_table(FILE *to, const char *name,
                          const struct bench_histogram *h)
{
    if (h->count == 0) return;
    (void)fprintf(to, "  %-22s", name);
    for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
        uint64_t ns = bench_histogram_percentile(h, percentiles[i].percent);
        (void)fprintf(to, " %s %.1f", percentiles[i].name, (double)ns / 1e3);
    }
    (void)fprintf(to, " max %.1f us\n", (double)h->max / 1e3);
}

static void process_table(FILE *to, const struct bench_result *r)
{
    if (!r->process[BENCH_CONNECTING].known) return;
    uint64_t messages = result_messages(r);
    const struct bench_process *from = &r->process[messages_from(r)];
    const struct bench_process *last = &r->process[BENCH_DRAINING];
    double cpu_s = cpu_between(r, messages_from(r), BENCH_DRAINING);
    if (messages > 0) {
        (void)fprintf(
            to, "  %-22s %.3f CPU-us a message, %.0f %% in the kernel\n",
            "broker", cpu_s * 1e6 / (double)messages, 100 * kernel_share(r));
    }
    (void)fprintf(to, "  %-22s %.2f s of CPU, %llu context switches\n", "",
                  cpu_s, (unsigned long long)(last->switches - from->switches));
    (void)fprintf(to, "  %-22s %.1f MB resident\n", "",
                  (double)last->resident_bytes / 1e6);
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        double bytes = share_bytes(r, &shares[i]);
        if (r->counters[shares[i].counter] < SHARED_LEAST) continue;
        if (bytes < 1) continue;
        (void)fprintf(to, "  %-22s %.0f bytes more for each %s\n", "", bytes,
                      shares[i].name);
    }
}

void bench_report_table(FILE *to, const struct bench_result *r)
{
    uint64_t messages = result_messages(r);
    (void)fprintf(to, "%s: MQTT %s, QoS %u, %u bytes\n", r->plan->name,
                  r->plan->options->protocol == MQTT_50    ? "5.0"
                  : r->plan->options->protocol == MQTT_311 ? "3.1.1"
                                                           : "3.1",
                  r->plan->qos, r->plan->options->size);
    if (r->cipher[0] != '\0') {
        (void)fprintf(to, "  %-22s %s\n", "encrypted", r->cipher);
    }
    for (int i = 0; i < BENCH_COUNTER_COUNT; i++) {
        bool fault = i >= BENCH_DUPLICATED;
        if (i == BENCH_SUBSCRIBED || i == BENCH_FINISHED) continue;
        if (r->counters[i] == 0 && i != BENCH_CONNECTED) continue;
        (void)fprintf(to, "  %-22s %llu%s\n", counter_names[i],
                      (unsigned long long)r->counters[i],
                      fault ? "  WRONG" : "");
    }
    if (r->lost > 0) {
        (void)fprintf(to, "  %-22s %llu\n",
                      r->plan->qos > 0 ? "lost  WRONG" : "dropped",
                      (unsigned long long)r->lost);
    }
    if (r->connect_s > 0 && r->counters[BENCH_CONNECTED] > 1) {
        (void)fprintf(to, "  %-22s %.0f connections/s\n", "rate",
                      (double)r->counters[BENCH_CONNECTED] / r->connect_s);
    }
    if (r->subscribe_s > 0 && r->counters[BENCH_FILTERED] > 1) {
        (void)fprintf(to, "  %-22s %.0f filters/s\n", "rate",
                      (double)r->counters[BENCH_FILTERED] / r->subscribe_s);
    }
    if (messages > 0 && r->seconds > 0) {
        (void)fprintf(to, "  %-22s %.0f messages/s for %.2f s\n", "rate",
                      (double)messages / r->seconds, r->seconds);
    }
    latency_table(to, "latency", &r->latency);
    latency_table(to, "time to connect", &r->connect);
    process_table(to, r);
}

static void latency_json(FILE *to, const char *name,
                         const struct bench_histogram *h)
{
    if (h->count == 0) return;
    (void)fprintf(to, ",\"%s_us\":{\"count\":%llu,\"min\":%.3f,\"mean\":%.3f",
                  name, (unsigned long long)h->count, (double)h->min / 1e3,
                  (double)bench_histogram_mean(h) / 1e3);
    for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
        uint64_t ns = bench_histogram_percentile(h, percentiles[i].percent);
        (void)fprintf(to, ",\"%s\":%.3f", percentiles[i].name,
                      (double)ns / 1e3);
    }
    (void)fprintf(to, ",\"max\":%.3f}", (double)h->max / 1e3);
}

static void process_json(FILE *to, const struct bench_result *r)
{
    if (!r->process[BENCH_CONNECTING].known) return;
    const struct bench_process *from = &r->process[messages_from(r)];
    const struct bench_process *last = &r->process[BENCH_DRAINING];
    double cpu_s = cpu_between(r, messages_from(r), BENCH_DRAINING);
    uint64_t messages = result_messages(r);
    (void)fprintf(to,
                  ",\"broker\":{\"cpu_s\":%.6f,\"kernel_share\":%.3f,"
                  "\"cpu_us_per_message\":%.4f,\"context_switches\":%llu,"
                  "\"read_write_calls\":%llu",
                  cpu_s, kernel_share(r),
                  messages == 0 ? 0 : cpu_s * 1e6 / (double)messages,
                  (unsigned long long)(last->switches - from->switches),
                  (unsigned long long)(last->calls - from->calls));
    (void)fprintf(to, ",\"connect_cpu_s\":%.6f",
                  cpu_between(r, BENCH_CONNECTING, BENCH_SUBSCRIBING));
    (void)fprintf(to, ",\"subscribe_cpu_s\":%.6f",
                  cpu_between(r, BENCH_SUBSCRIBING, BENCH_SENDING));
    static const char *const moments[] = {"before", "connected", "subscribed",
                                          "done"};
    for (int i = 0; i < 4; i++) {
        (void)fprintf(to, ",\"resident_%s\":%llu", moments[i],
                      (unsigned long long)r->process[i].resident_bytes);
    }
    for (size_t i = 0; i < SHARE_COUNT; i++) {
        (void)fprintf(to, ",\"bytes_per_%s\":%.1f", shares[i].name,
                      share_bytes(r, &shares[i]));
    }
    (void)fputc('}', to);
}

static void step_json(FILE *to, const struct bench_result *r)
{
    (void)fprintf(to, "{\"step\":\"%s\",\"qos\":%u,\"size\":%u", r->plan->name,
                  r->plan->qos, r->plan->options->size);
    for (int i = 0; i < BENCH_COUNTER_COUNT; i++) {
        if (i == BENCH_SUBSCRIBED || i == BENCH_FINISHED) continue;
        (void)fprintf(to, ",\"%s\":%llu", counter_names[i],
                      (unsigned long long)r->counters[i]);
    }
    (void)fprintf(to, ",\"lost\":%llu,\"dropped\":%llu",
                  (unsigned long long)(r->plan->qos > 0 ? r->lost : 0),
                  (unsigned long long)(r->plan->qos > 0 ? 0 : r->lost));
    (void)fprintf(to,
                  ",\"connect_s\":%.6f,\"subscribe_s\":%.6f,\"seconds\":%.6f",
                  r->connect_s, r->subscribe_s, r->seconds);
    if (r->seconds > 0) {
        (void)fprintf(to, ",\"messages_per_s\":%.1f",
                      (double)result_messages(r) / r->seconds);
    }
    if (r->cipher[0] != '\0') {
        (void)fprintf(to, ",\"tls\":\"%s\"", r->cipher);
    }
    latency_json(to, "latency", &r->latency);
    latency_json(to, "connect", &r->connect);
    process_json(to, r);
    (void)fputc('}', to);
}

void bench_report_json(FILE *to, const struct bench_result *results,
                       size_t count)
{
    const struct bench_options *o = results[0].plan->options;
    bool good = true;
    (void)fprintf(to, "{\"mode\":\"%s\",\"clients\":%u,\"steps\":[",
                  bench_mode_name(o->mode), o->clients);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) (void)fputc(',', to);
        step_json(to, &results[i]);
        good = good && !bench_result_faulty(&results[i]);
    }
    (void)fprintf(to, "],\"good\":%s}\n", good ? "true" : "false");
}

void bench_report_progress(FILE *to, const struct bench_run *run,
                           double passed_s)
{
    uint64_t delivered = bench_total(run, BENCH_DELIVERED);
    uint64_t sent = bench_total(run, BENCH_SENT);
    uint64_t messages = run->plan->receivers > 0 ? delivered : sent;
    (void)fprintf(to,
                  "\r\033[K%s %.0f s: %llu of %u connected, %llu sent, "
                  "%llu delivered, %.0f/s",
                  run->plan->name, passed_s,
                  (unsigned long long)bench_total(run, BENCH_CONNECTED),
                  run->conn_count, (unsigned long long)sent,
                  (unsigned long long)delivered,
                  passed_s > 0 ? (double)messages / passed_s : 0);
    (void)fflush(to);
}
