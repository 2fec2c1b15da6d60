/*
 * Figures for a monitor, in Prometheus' text format.
 */
#include "analyzer/live/notify/metrics.h"

#include "dissector/exposures.h"
#include "dissector/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Upper ends of the histogram's buckets, in milliseconds. */
static const int64_t bounds_ms[] = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};

#define BOUNDS (sizeof bounds_ms / sizeof bounds_ms[0])

/* The words of the database are those of the label. */
static const char *const results[] = {"OK", "NO", "BAD", "BYE"};

#define RESULTS (sizeof results / sizeof results[0])

struct metrics {
    const char *path;
    char *temporary;
    uint64_t logins[RESULTS + 1]; /* the last: no verdict was seen */
    uint64_t exposed[IMAP_EXPOSURES];
    uint64_t violations[IMAP_RULES];
    uint64_t commits[BOUNDS + 1]; /* the last: over all bounds */
    int64_t waited_ms;            /* in all */
};

struct metrics *metrics_new(const char *path)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);

    if (metrics == NULL)
        return NULL;
    metrics->path = path;
    if (asprintf(&metrics->temporary, "%s.new", path) < 0) {
        free(metrics);
        return NULL;
    }
    return metrics;
}

static void count_result(struct metrics *metrics, const char *result)
{
    size_t i = 0;

    while (i < RESULTS && (result == NULL || strcmp(result, results[i]) != 0))
        i++;
    metrics->logins[i]++;
}

static void count_exposure(struct metrics *metrics, const char *exposure)
{
    for (int i = IMAP_EXPOSURE_NONE + 1; i < IMAP_EXPOSURES; i++)
        if (strcmp(imap_exposure_info((enum imap_exposure)i)->id, exposure) == 0)
            metrics->exposed[i]++;
}

static void count_rule(void *user, const char *rule)
{
    struct metrics *metrics = user;

    for (int i = 0; i < IMAP_RULES; i++)
        if (strcmp(imap_rule_info((enum imap_rule)i)->id, rule) == 0)
            metrics->violations[i]++;
}

void metrics_count(struct metrics *metrics, struct store *store, const int64_t *logins, size_t count,
                   int64_t waited_ms)
{
    size_t bucket = 0;

    for (size_t i = 0; i < count; i++) {
        struct store_login_words words;

        /* a row that cannot be read now is in the database all the same */
        if (store_login_words(store, logins[i], &words) == STORE_OK) {
            count_result(metrics, words.result[0] == '\0' ? NULL : words.result);
            count_exposure(metrics, words.exposure);
        }
        (void)store_login_rules(store, logins[i], count_rule, metrics);
    }
    while (bucket < BOUNDS && waited_ms > bounds_ms[bucket])
        bucket++;
    metrics->commits[bucket]++;
    metrics->waited_ms += waited_ms;
}

/* --- writing --- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP imaptap_%s %s\n# TYPE imaptap_%s %s\n", name, help, name, type);
}

static void write_per_interface(FILE *out, const char *name, const char *help,
                                const struct worker_pool_totals *totals, const char *const *interfaces,
                                size_t count, size_t offset)
{
    head(out, name, "counter", help);
    for (size_t i = 0; i < count; i++) {
        uint64_t value;

        memcpy(&value, (const char *)&totals->interfaces[i] + offset, sizeof value);
        fprintf(out, "imaptap_%s{interface=\"%s\"} %" PRIu64 "\n", name, interfaces[i], value);
    }
}

static void write_one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    head(out, name, type, help);
    fprintf(out, "imaptap_%s %" PRIu64 "\n", name, value);
}

static void write_traffic(FILE *out, const struct worker_pool_totals *totals, const char *const *interfaces,
                          size_t count)
{
    write_per_interface(out, "received_packets_total", "Frames read from the interface.", totals, interfaces,
                        count, offsetof(struct worker_pool_interface, packets));
    write_per_interface(out, "kernel_dropped_packets_total",
                        "Frames that the kernel dropped, since imaptap did not take them in time.", totals,
                        interfaces, count, offsetof(struct worker_pool_interface, kernel_drops));
    write_per_interface(out, "interface_dropped_packets_total", "Frames that the interface dropped.", totals,
                        interfaces, count, offsetof(struct worker_pool_interface, interface_drops));
    write_one(out, "lost_bytes_total", "counter", "Octets of IMAP connections that were never captured.",
              totals->lost_octets);
    write_one(out, "evicted_connections_total", "counter",
              "Connections given up to make room for newer ones.", totals->evicted);
    write_one(out, "open_connections", "gauge", "Connections that are followed now.", totals->open);
    head(out, "last_packet_timestamp_seconds", "gauge", "Time of the last packet; 0 before the first.");
    fprintf(out, "imaptap_last_packet_timestamp_seconds %.6f\n",
            totals->last_ns < 0 ? 0.0 : (double)totals->last_ns / 1e9);
}

static void write_findings(FILE *out, const struct metrics *metrics)
{
    head(out, "logins_total", "counter", "Logins by the server's verdict; none: no verdict was seen.");
    for (size_t i = 0; i <= RESULTS; i++)
        fprintf(out, "imaptap_logins_total{result=\"%s\"} %" PRIu64 "\n", i < RESULTS ? results[i] : "none",
                metrics->logins[i]);
    head(out, "exposed_logins_total", "counter",
         "Logins by what anybody on the path could take: the password itself, or what it can be guessed by.");
    for (int i = IMAP_EXPOSURES - 1; i > IMAP_EXPOSURE_NONE; i--)
        fprintf(out, "imaptap_exposed_logins_total{exposure=\"%s\"} %" PRIu64 "\n",
                imap_exposure_info((enum imap_exposure)i)->id, metrics->exposed[i]);
    head(out, "violations_total", "counter", "Breaches by the rule that was broken.");
    for (int i = 0; i < IMAP_RULES; i++)
        fprintf(out, "imaptap_violations_total{rule=\"%s\"} %" PRIu64 "\n",
                imap_rule_info((enum imap_rule)i)->id, metrics->violations[i]);
}

static void write_commits(FILE *out, const struct metrics *metrics)
{
    static const char name[] = "commit_latency_seconds";
    uint64_t count = 0;

    head(out, name, "histogram", "From the arrival of the oldest event to the commit that keeps it.");
    for (size_t i = 0; i < BOUNDS; i++) {
        count += metrics->commits[i];
        fprintf(out, "imaptap_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bounds_ms[i] / 1000, count);
    }
    count += metrics->commits[BOUNDS];
    fprintf(out, "imaptap_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
    fprintf(out, "imaptap_%s_sum %.3f\nimaptap_%s_count %" PRIu64 "\n", name,
            (double)metrics->waited_ms / 1000, name, count);
}

static void write_events(FILE *out, const struct metrics_events *events)
{
    write_one(out, "events_waiting", "gauge", "Events that wait in memory for the database.",
              events->waiting);
    write_one(out, "events_lost_total", "counter",
              "Events that could not be kept: the database could not be written, and memory was full.",
              events->lost);
}

static void write_all(FILE *out, const struct metrics *metrics, const struct worker_pool_totals *totals,
                      const struct metrics_events *events, const char *const *interfaces, size_t count)
{
    write_traffic(out, totals, interfaces, count);
    write_findings(out, metrics);
    write_events(out, events);
    write_commits(out, metrics);
    head(out, "build_info", "gauge", "1; the labels say what runs.");
    fprintf(out, "imaptap_build_info{version=\"%s\",libpcap=\"%s\",sqlite=\"%s\"} 1\n", IMAPTAP_VERSION,
            pcap_lib_version(), sqlite3_libversion());
}

int metrics_write(const struct metrics *metrics, const struct worker_pool_totals *totals,
                  const struct metrics_events *events, const char *const *interfaces, size_t interface_count)
{
    /* for all to read, whoever runs the collector: it holds nothing but figures */
    int fd = open(metrics->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    int error;

    if (out == NULL) {
        error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        return -1;
    }
    (void)fchmod(fd, 0644);
    write_all(out, metrics, totals, events, interfaces, interface_count);
    if ((ferror(out) | fclose(out)) == 0 && rename(metrics->temporary, metrics->path) == 0)
        return 0;
    error = errno;
    (void)unlink(metrics->temporary);
    errno = error;
    return -1;
}

const char *metrics_path(const struct metrics *metrics)
{
    return metrics->path;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    free(metrics->temporary);
    free(metrics);
}
