/*
 * The verdict in three lines.
 */
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <stdbool.h>
#include <string.h>

void say_count(FILE *out, int64_t count, const char *one, const char *many)
{
    fprintf(out, "%s %s", format_number((uint64_t)count).text, count == 1 ? one : many);
}

void say_query(FILE *out, const char *database, const char *name)
{
    bool named = strcmp(database, "imaptap.db") != 0;

    fprintf(out, "imaptap query%s%s %s", named ? " -d " : "", named ? database : "", name);
}

enum verdict_state verdict_state(const struct report_totals *totals)
{
    if (totals->logins == 0)
        return VERDICT_NOT_SEEN;
    if (totals->proved > 0)
        return VERDICT_PROVED;
    if (totals->likely > 0)
        return VERDICT_LIKELY;
    if (totals->tolerated > 0)
        return VERDICT_TOLERATED;
    if (totals->unknown > 0)
        return VERDICT_UNKNOWN;
    return totals->unrelated > 0 ? VERDICT_UNRELATED : VERDICT_NO_FINDING;
}

const char *verdict_word(const struct report_totals *totals)
{
    switch (verdict_state(totals)) {
    case VERDICT_PROVED:
        return totals->proved_faults > 0 ? "fault proved" : "cause proved";
    case VERDICT_LIKELY:
        return totals->likely_faults > 0 ? "fault likely" : "cause likely";
    case VERDICT_TOLERATED:
        return "rules broken";
    case VERDICT_UNKNOWN:
        return "cause unknown";
    case VERDICT_UNRELATED:
        return "another reason";
    case VERDICT_NO_FINDING:
        return "no finding";
    case VERDICT_NOT_SEEN:
        break;
    }
    return "nothing seen";
}

static void nothing_seen(const struct report_totals *totals, FILE *out)
{
    if (totals->captures == 0)
        fputs("Not seen: no capture was read into this database.", out);
    else if (totals->connections == totals->not_imap)
        fputs("Not seen: the captures hold no IMAP connection, so nothing can be said about logins.", out);
    else if (totals->encrypted == totals->connections - totals->not_imap)
        fputs("Not seen: every IMAP connection was encrypted, so no login could be judged.", out);
    else
        fputs("Not seen: the IMAP connections hold no login, so there was none to judge.", out);
}

static void blame(const struct report_totals *totals, FILE *out)
{
    if (totals->unquoted_refused == 0) {
        fputs(", none known to be refused", out);
        return;
    }
    fprintf(out, ", %s refused", format_number((uint64_t)totals->unquoted_refused).text);
    if (totals->wildcard_proved > 0)
        fprintf(out, " (%s proved to be for that)", format_number((uint64_t)totals->wildcard_proved).text);
    else if (totals->wildcard_likely > 0)
        fprintf(out, " (%s likely for that)", format_number((uint64_t)totals->wildcard_likely).text);
    else
        fputs(" (whether for that is not known)", out);
}

/* No login breaks a rule, or only such that were written by somebody else. */
static void none_broken(const struct report_totals *totals, FILE *out)
{
    fputs(totals->failures == 0 ? "No finding: " : "", out);
    if (totals->logins == 1)
        fprintf(out, "%s one login seen breaks no rule of the IMAP grammar",
                totals->failures == 0 ? "the" : "The");
    else
        fprintf(out, "%s of the %s logins seen breaks the IMAP grammar",
                totals->failures == 0 ? "none" : "None", format_number((uint64_t)totals->logins).text);
    if (totals->failures > 0) {
        fputs("; ", out);
        say_count(out, totals->failures, "failed", "failed");
    }
    fputc('.', out);
}

/* Rules other than the one on wildcards. */
static void others_broken(const struct report_totals *totals, FILE *out)
{
    fputs("No * or % was sent without quotes, but ", out);
    say_count(out, totals->other_broken, "login breaks", "logins break");
    fputs(" other rules of the IMAP grammar", out);
    if (totals->other_proved > 0)
        fprintf(out, ", %s proved to be refused for that",
                format_number((uint64_t)totals->other_proved).text);
    else if (totals->other_likely > 0)
        fprintf(out, ", %s likely refused for that", format_number((uint64_t)totals->other_likely).text);
    fputc('.', out);
}

static void who(const struct report_totals *totals, FILE *out)
{
    if (totals->logins == 0) {
        nothing_seen(totals, out);
    } else if (totals->worst_client == NULL && totals->other_broken == 0) {
        none_broken(totals, out);
    } else if (totals->worst_client == NULL) {
        others_broken(totals, out);
    } else if (totals->senders == 1 && totals->worst_unquoted == totals->unquoted) {
        fprintf(out, "%s sends * or %% without quotes to %s: ", totals->worst_client, totals->worst_server);
        fprintf(out, "%s of ", format_number((uint64_t)totals->unquoted).text);
        say_count(out, totals->worst_logins, "login", "logins");
        blame(totals, out);
        fputc('.', out);
    } else {
        say_count(out, totals->senders, "client sends", "clients send");
        fputs(" * or % without quotes: ", out);
        say_count(out, totals->unquoted, "login", "logins");
        blame(totals, out);
        fprintf(out, "; the worst is %s to %s: %s of ", totals->worst_client, totals->worst_server,
                format_number((uint64_t)totals->worst_unquoted).text);
        say_count(out, totals->worst_logins, "login", "logins");
        fprintf(out, ", %s refused.", format_number((uint64_t)totals->worst_unquoted_refused).text);
    }
}

/* Logins failed, and none for a rule that was broken. */
static void other_reasons(const struct report_totals *totals, FILE *out)
{
    int64_t known = totals->failures - totals->failures_unknown;

    fputs("No user was refused for a rule that was broken", out);
    if (known > 0) {
        fputs("; ", out);
        say_count(out, known, "login failed for another reason", "logins failed for other reasons");
    }
    if (totals->failures_unknown > 0) {
        fputs(known > 0 ? ", and " : "; ", out);
        say_count(out, totals->failures_unknown,
                  known > 0 ? "failed for a reason that is not known"
                            : "login failed for a reason that is not known",
                  known > 0 ? "failed for reasons that are not known"
                            : "logins failed for reasons that are not known");
    }
    fputc('.', out);
}

static void users(const struct report_totals *totals, FILE *out)
{
    int64_t in = totals->users - totals->users_never_in;

    if (totals->logins == 0) {
        fputs("Whether users were refused is not known.", out);
        return;
    }
    if (totals->users > 0) {
        say_count(out, totals->users, "user was", "users were");
        fputs(" refused with a login that breaks a rule; ", out);
        if (in == 0)
            fputs(totals->users == 1 ? "the user was not seen to get in with a login that breaks none."
                                     : "none of them was seen to get in with a login that breaks none.",
                  out);
        else if (totals->users_never_in == 0)
            fputs(totals->users == 1 ? "with a login that breaks none the user got in."
                                     : "with a login that breaks none, each of them got in.",
                  out);
        else {
            say_count(out, totals->users_never_in, "of them was", "of them were");
            fputs(" not seen to get in at all the servers with a login that breaks none.", out);
        }
    } else if (totals->failures > 0) {
        other_reasons(totals, out);
    } else if (totals->unanswered == totals->logins) {
        fputs("Whether users were refused is not known: no server's verdict was seen.", out);
    } else {
        fputs("No login was refused", out);
        if (totals->unanswered > 0) {
            fputs("; of ", out);
            say_count(out, totals->unanswered, "login the verdict was", "logins the verdict was");
            fputs(" not seen", out);
        }
        fputc('.', out);
    }
}

static void ground(const struct report_totals *totals, FILE *out)
{
    const char *between = "; not seen: ";

    fputs("This rests on ", out);
    say_count(out, totals->logins, "login", "logins");
    fputs(" in ", out);
    say_count(out, totals->connections - totals->not_imap, "IMAP connection", "IMAP connections");
    fputs(" of ", out);
    say_count(out, totals->captures, "capture", "captures");
    if (totals->encrypted > 0) {
        fputs(between, out);
        say_count(out, totals->encrypted, "encrypted connection", "encrypted connections");
        between = ", ";
    }
    if (totals->midstream + totals->one_sided + totals->lost_octets + totals->drops + totals->evicted > 0) {
        fprintf(out, "%sparts of connections that were not captured", between);
        between = ", ";
    }
    if (totals->failed + totals->running > 0) {
        fputs(between, out);
        say_count(out, totals->failed + totals->running, "capture that was not read to its end",
                  "captures that were not read to their end");
        between = ", ";
    }
    fputs(*between == ';' ? "; nothing was missed." : ".", out);
}

void verdict_line(const void *totals, int line, FILE *out)
{
    static void (*const lines[VERDICT_LINES])(const struct report_totals *, FILE *) = {who, users, ground};

    lines[line](totals, out);
}
