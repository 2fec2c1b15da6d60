/*
 * The verdict in three lines.
 */
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

void say_count(FILE *out, int64_t count, const char *one, const char *many)
{
    fprintf(out, "%s %s", format_number((uint64_t)count).text, count == 1 ? one : many);
}

enum verdict_state verdict_state(const struct report_totals *totals)
{
    if (totals->logins == 0)
        return VERDICT_NOT_SEEN;
    if (totals->findings == 0)
        return VERDICT_NO_FINDING;
    if (totals->wildcard_proved > 0)
        return VERDICT_PROVED;
    if (totals->wildcard_likely > 0 || totals->other_blamed > 0)
        return VERDICT_LIKELY;
    return VERDICT_TOLERATED;
}

const char *verdict_word(enum verdict_state state)
{
    static const char *const words[] = {
        [VERDICT_PROVED] = "fault proved",    [VERDICT_LIKELY] = "fault likely",
        [VERDICT_TOLERATED] = "rules broken", [VERDICT_NO_FINDING] = "no finding",
        [VERDICT_NOT_SEEN] = "nothing seen",
    };

    return words[state];
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
        fputs(" (whether for that cannot be told)", out);
}

static void who(const struct report_totals *totals, FILE *out)
{
    if (totals->logins == 0) {
        nothing_seen(totals, out);
    } else if (totals->findings == 0) {
        fputs("No finding: ", out);
        if (totals->logins == 1)
            fputs("the one login seen breaks no rule of the IMAP grammar.", out);
        else
            fprintf(out, "none of the %s logins seen breaks the IMAP grammar.",
                    format_number((uint64_t)totals->logins).text);
    } else if (totals->worst_client == NULL) {
        fputs("No * or % was sent without quotes, but ", out);
        say_count(out, totals->other_broken, "login breaks", "logins break");
        fputs(" other rules of the IMAP grammar.", out);
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
            fputs(totals->users == 1 ? "with another login, too, the user never got in."
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
    } else if (totals->refused > 0) {
        fputs("No user was refused with a login that breaks a rule: ", out);
        say_count(out, totals->refused, "login was", "logins were");
        fputs(" refused for other reasons.", out);
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
