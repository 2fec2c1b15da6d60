/*
 * What `read` and `live` end with. "Nothing found" and "nothing seen" are different sentences.
 */
#include "analyzer/report/run_summary.h"

#include "analyzer/report/report.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/display.h"
#include "db/format_number.h"
#include "db/summary.h"
#include "dissector/exposures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one kind that are shown; the rest is counted. */
#define MAX_ROWS      20
#define MAX_SENTENCES 5

struct report {
    const struct run_summary_facts *facts;
    FILE *out;
    int64_t broken;
    int64_t exposed[IMAP_EXPOSURES];
    unsigned senders, diagnoses, shown_users, rules;
    int64_t users;
};

/* "1 login", "2 logins" */
static const char *plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

static void write_number(FILE *out, int64_t number, const char *one, const char *many)
{
    fprintf(out, "%s %s", format_number((uint64_t)number).text, plural(number, one, many));
}

static void write_inputs(struct report *report)
{
    const struct inputs *inputs = report->facts->inputs;
    const struct outcome *outcomes = report->facts->result->outcomes;
    int64_t first = INT64_MAX, last = INT64_MIN, packets = 0, bytes = 0, read = 0, known = 0;

    for (size_t i = 0; i < inputs->count; i++) {
        const struct outcome *outcome = &outcomes[i];

        known += outcome->state == OUTCOME_KNOWN;
        if (outcome->state == OUTCOME_KNOWN || outcome->id == 0)
            continue;
        read++;
        packets += outcome->packets;
        bytes += outcome->bytes;
        if (outcome->first_ns != -1 && outcome->packets > 0) {
            first = outcome->first_ns < first ? outcome->first_ns : first;
            last = outcome->last_ns > last ? outcome->last_ns : last;
        }
    }
    fputs("Read: ", report->out);
    write_number(report->out, read, "capture", "captures");
    fprintf(report->out, ", %s, ", format_octets((uint64_t)bytes).text);
    write_number(report->out, packets, "frame", "frames");
    if (first <= last)
        fprintf(report->out, ", %s to %s", format_time(first).text, format_time(last).text);
    fputc('\n', report->out);
    if (known > 0) {
        fputs("  ", report->out);
        write_number(report->out, known, "capture was", "captures were");
        fputs(" in the database already and not read again\n", report->out);
    }
    if (inputs->skipped > 0) {
        fputs("  ", report->out);
        write_number(report->out, (int64_t)inputs->skipped, "file", "files");
        fputs(" of the folders left out: no captures\n", report->out);
    }
}

static void write_watched(struct report *report)
{
    const struct run_summary_live *live = report->facts->live;

    for (size_t i = 0; i < live->interface_count; i++) {
        const struct worker_pool_interface *seen = &live->result->totals.interfaces[i];

        fprintf(report->out, "%s%s: ", i == 0 ? "Watched: " : "         ", live->interfaces[i]);
        write_number(report->out, (int64_t)seen->packets, "frame", "frames");
        fprintf(report->out, ", %s\n", format_octets(seen->octets).text);
    }
}

/* What asks the database for more. */
static void write_query(const struct report *report, const char *name)
{
    say_query(report->out, report->facts->database, name);
    fputc('\n', report->out);
}

static void write_rest(const struct report *report, int64_t count, const char *query)
{
    fprintf(report->out, "  ... and %" PRId64 " more: ", count);
    write_query(report, query);
}

static void write_seen(struct report *report, const struct summary_counts *counts)
{
    if (counts->connections == counts->not_imap) {
        fprintf(report->out, "  No IMAP connection was seen %s: nothing can be said about logins\n",
                report->facts->ports);
        return;
    }
    fputs("  ", report->out);
    write_number(report->out, counts->connections - counts->not_imap, "IMAP connection", "IMAP connections");
    fputs(", ", report->out);
    write_number(report->out, counts->logins, "login", "logins");
    fputs(": ", report->out);
    write_number(report->out, counts->refused, "refused", "refused");
    fputs(", ", report->out);
    write_number(report->out, counts->unanswered, "without a verdict", "without a verdict");
    fputc('\n', report->out);
    if (report->facts->missed->repeated_octets > 0) {
        fputs("  ", report->out);
        write_number(report->out, report->facts->missed->repeated_octets, "octet was", "octets were");
        fputs(" captured more than once\n", report->out);
    }
    if (report->facts->missed->copied_packets > 0) {
        fputs("  ", report->out);
        write_number(report->out, report->facts->missed->copied_packets, "packet was", "packets were");
        fputs(" captured again in another VLAN or tunnel: each counts once\n", report->out);
    }
    if (report->facts->missed->no_login > 0) {
        fputs("  ", report->out);
        write_number(report->out, report->facts->missed->no_login, "connection", "connections");
        fputs(" ended without a login; why: ", report->out);
        write_query(report, "no-login");
    }
}

static void write_missed_line(struct report *report, int64_t count, const char *one, const char *many,
                              bool *missed)
{
    if (count <= 0)
        return;
    fputs(*missed ? "  " : "Missed:\n  ", report->out);
    write_number(report->out, count, one, many);
    fputc('\n', report->out);
    *missed = true;
}

/* The name as it may stand on a terminal; free it. */
static char *shown_name(const char *name)
{
    size_t length;

    return display_escape(name, strlen(name), &length);
}

static void write_broken_inputs(struct report *report, bool *missed)
{
    const struct recorder_result *result = report->facts->result;
    const struct inputs *inputs = report->facts->inputs;

    for (size_t i = 0; i < inputs->count; i++)
        if (result->outcomes[i].state >= OUTCOME_BROKEN) {
            char *name = shown_name(inputs->items[i].name);

            fprintf(report->out, "%s%s: %s\n", *missed ? "  " : "Missed:\n  ", name == NULL ? "?" : name,
                    result->outcomes[i].error == NULL ? "out of memory" : result->outcomes[i].error);
            *missed = true;
            free(name);
        }
    write_missed_line(report, (int64_t)inputs->failed, "input could not be opened",
                      "inputs could not be opened", missed);
    write_missed_line(report, (int64_t)inputs->foreign, "input is no capture", "inputs are no captures",
                      missed);
    write_missed_line(report, (int64_t)inputs->grown, "file was written on after it had been read",
                      "files were written on after they had been read", missed);
}

static void write_drops(struct report *report, bool *missed)
{
    const struct live_result *result = report->facts->live->result;
    uint64_t kernel = 0, interface = 0;

    for (size_t i = 0; i < report->facts->live->interface_count; i++) {
        kernel += result->totals.interfaces[i].kernel_drops;
        interface += result->totals.interfaces[i].interface_drops;
    }
    write_missed_line(report, (int64_t)kernel, "frame was dropped by the kernel: a larger --buffer helps",
                      "frames were dropped by the kernel: a larger --buffer helps", missed);
    write_missed_line(report, (int64_t)interface, "frame was dropped by an interface",
                      "frames were dropped by interfaces", missed);
    write_missed_line(report, result->totals.deaths,
                      "time an analyzer died: frames until the next one are missing",
                      "times an analyzer died: frames until the next one are missing", missed);
    write_missed_line(report, (int64_t)result->lost.logins, "login could not be kept",
                      "logins could not be kept", missed);
}

static void write_missed(struct report *report, const struct summary_counts *counts)
{
    const struct event_finished *unused = report->facts->missed;
    bool missed = false;

    if (report->facts->live == NULL)
        write_broken_inputs(report, &missed);
    else
        write_drops(report, &missed);
    write_missed_line(report, counts->not_imap, "connection at an IMAP port did not speak IMAP",
                      "connections at IMAP ports did not speak IMAP", &missed);
    write_missed_line(report, counts->encrypted, "connection was encrypted: its logins cannot be seen",
                      "connections were encrypted: their logins cannot be seen", &missed);
    write_missed_line(report, counts->midstream, "connection began before the capture",
                      "connections began before the capture", &missed);
    write_missed_line(report, counts->one_sided, "connection was captured in one direction only",
                      "connections were captured in one direction only", &missed);
    write_missed_line(report, counts->lost_octets, "octet of IMAP connections was never captured",
                      "octets of IMAP connections were never captured", &missed);
    write_missed_line(report, counts->incomplete,
                      "login is incomplete: it was cut off, or octets of it were never captured",
                      "logins are incomplete: they were cut off, or octets of them were never captured",
                      &missed);
    write_missed_line(report, unused->cut, "frame was cut off before its TCP header ended",
                      "frames were cut off before their TCP header ended", &missed);
    write_missed_line(report, unused->malformed, "frame contradicts itself", "frames contradict themselves",
                      &missed);
    write_missed_line(report, unused->bad_checksum, "frame has a wrong checksum and was dropped",
                      "frames have a wrong checksum and were dropped", &missed);
    write_missed_line(report, unused->incomplete_datagrams, "fragmented datagram was never captured whole",
                      "fragmented datagrams were never captured whole", &missed);
    write_missed_line(report, unused->differing_octets,
                      "octet was captured again as another one: the first one counts",
                      "octets were captured again as other ones: the first ones count", &missed);
    write_missed_line(report, unused->evicted, "connection was given up, because too many were open",
                      "connections were given up, because too many were open", &missed);
    if (!missed)
        fputs("Missed: nothing\n", report->out);
}

static void on_counts(void *user, const struct summary_counts *counts)
{
    struct report *report = user;

    report->broken = counts->broken;
    report->exposed[IMAP_EXPOSURE_PASSWORD] = counts->readable;
    report->exposed[IMAP_EXPOSURE_GUESSABLE] = counts->guessable;
    if (report->facts->live == NULL)
        write_inputs(report);
    else
        write_watched(report);
    write_seen(report, counts);
    write_missed(report, counts);
    if (counts->logins > 0 && counts->broken == 0)
        fputs("\nNo login breaks the IMAP grammar.\n", report->out);
}

static void on_sender(void *user, const struct summary_sender *sender)
{
    struct report *report = user;

    if (report->senders++ == 0)
        fputs("\nUnquoted * or % (a strict server must refuse these logins):\n", report->out);
    fprintf(report->out, "  %s sends to %s%s%s%s: ", sender->client_ip, sender->server_ip,
            sender->server_product[0] ? " (" : "", sender->server_product,
            sender->server_product[0] ? ")" : "");
    fprintf(report->out, "%" PRId64 " of %" PRId64 " %s, %" PRId64 " refused%s\n", sender->unquoted,
            sender->logins, plural(sender->logins, "login", "logins"), sender->unquoted_refused,
            sender->quoted > 0 ? "; it also quotes some" : "");
}

static void on_diagnosis(void *user, const struct summary_diagnosis *row)
{
    struct report *report = user;
    int used;

    if (report->diagnoses++ == 0)
        fputs("\nWhy logins failed:\n", report->out);
    if (report->diagnoses <= MAX_SENTENCES) {
        used = fprintf(report->out, "  %s: ", row->verdict);
        if (!wrap_words(report->out, row->sentence, REPORT_COLUMNS, 4, (size_t)used))
            fputc('\n', report->out);
    } else if (report->diagnoses == MAX_SENTENCES + 1) {
        write_rest(report, row->diagnoses - MAX_SENTENCES, "diagnosis");
    }
}

/* Whether the broken rule is why. */
static const char *certainty_words(const char *certainty)
{
    if (strcmp(certainty, "proved") == 0)
        return "proved to be for that";
    return strcmp(certainty, "likely") == 0 ? "likely for that" : "why is not known";
}

static void on_user(void *user, const struct summary_user *row)
{
    struct report *report = user;

    report->users = row->users;
    if (report->shown_users++ == 0)
        fputs("\nUsers refused with a login that breaks the grammar:\n", report->out);
    fprintf(report->out, "  %s (%s to %s): refused ", row->username[0] ? row->username : "\"\"",
            row->client_ip, row->server_ip);
    write_number(report->out, row->refused, "time", "times");
    fprintf(report->out, " (%s), %s; %s\n", row->rules, certainty_words(row->certainty),
            row->let_in > 0 ? "let in with another login" : "not seen to get in");
}

static void on_rule(void *user, const struct summary_rule *rule)
{
    struct report *report = user;

    if (report->users > report->shown_users && report->rules == 0)
        write_rest(report, report->users - report->shown_users, "affected-users");
    if (report->rules++ == 0)
        fputs("\nRules broken:\n", report->out);
    fprintf(report->out, "  %6" PRId64 "  %-8s %-28s %s\n", rule->count, rule->severity, rule->rule,
            rule->title);
}

/* The worst first. Returns whether there was any. */
static bool write_exposed(const struct report *report)
{
    bool any = false;

    for (int i = IMAP_EXPOSURES - 1; i > IMAP_EXPOSURE_NONE; i--) {
        const struct imap_exposure_info *info = imap_exposure_info((enum imap_exposure)i);

        if (report->exposed[i] == 0)
            continue;
        fprintf(report->out, "%s  %6" PRId64 "  %-9s  %s\n", any ? "" : "\nLogins exposed on the wire:\n",
                report->exposed[i], info->id, info->title);
        any = true;
    }
    return any;
}

/* The rows of the captures; free them. NULL: out of memory. */
static int64_t *list_captures(const struct run_summary_facts *facts, size_t *count)
{
    size_t room = facts->live != NULL ? facts->live->result->capture_count : facts->inputs->count;
    int64_t *ids = calloc(room + 1, sizeof *ids);

    if (ids == NULL)
        return NULL;
    for (size_t i = 0; i < room; i++) {
        int64_t id = facts->live != NULL ? facts->live->result->captures[i] : facts->result->outcomes[i].id;

        if (id != 0)
            ids[(*count)++] = id;
    }
    return ids;
}

int run_summary_write(const struct run_summary_facts *facts, FILE *out, int64_t *broken, char *why,
                      size_t why_size)
{
    static const struct summary_handler handler = {on_counts, on_sender, on_diagnosis, on_user, on_rule};
    struct report report = {.facts = facts, .out = out};
    size_t count = 0;
    int64_t *ids = list_captures(facts, &count);
    bool exposed;
    int status;

    if (ids == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -1;
    }
    status = summary_read(facts->database, ids, count, MAX_ROWS, &handler, &report, why, why_size);
    free(ids);
    exposed = status == 0 && write_exposed(&report);
    if (exposed || (status == 0 && report.rules + report.diagnoses > 0)) {
        fprintf(out, "\nKept in %s. Next: ", facts->database);
        write_query(&report, "diagnosis");
    }
    *broken = report.broken;
    return status;
}
