/*
 * What the captures could not show, and what to do next.
 */
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

#include <stdlib.h>

struct list {
    sentence_receiver *take;
    void *user;
    unsigned count;
    char *text;
    size_t size;
};

/* A stream for the next sentence; list_end hands it on. NULL, out of memory: the sentence is left out. */
static FILE *list_begin(struct list *list)
{
    list->text = NULL;
    return open_memstream(&list->text, &list->size);
}

static void list_end(struct list *list, FILE *out)
{
    if (out != NULL && fclose(out) == 0) {
        list->take(list->user, list->text);
        list->count++;
    }
    free(list->text);
}

/* A sentence that begins with a number; none of it when that is 0. */
static void counted(struct list *list, int64_t count, const char *one, const char *many)
{
    FILE *out;

    if (count <= 0)
        return;
    out = list_begin(list);
    if (out != NULL)
        say_count(out, count, one, many);
    list_end(list, out);
}

unsigned missed_sentences(const struct report_totals *totals, sentence_receiver *take, void *user)
{
    struct list list = {.take = take, .user = user};

    counted(&list, totals->failed, "capture could not be read to its end",
            "captures could not be read to their end");
    counted(&list, totals->running, "capture is still being read, or its reading was cut off",
            "captures are still being read, or their reading was cut off");
    counted(&list, totals->drops, "frame was dropped before it could be read",
            "frames were dropped before they could be read");
    counted(&list, totals->encrypted, "connection was encrypted: its logins cannot be seen",
            "connections were encrypted: their logins cannot be seen");
    counted(&list, totals->not_imap, "connection at an IMAP port did not speak IMAP",
            "connections at IMAP ports did not speak IMAP");
    counted(&list, totals->midstream, "connection began before the capture",
            "connections began before the capture");
    counted(&list, totals->one_sided, "connection was captured in one direction only",
            "connections were captured in one direction only");
    counted(&list, totals->evicted, "connection was given up, because too many were open",
            "connections were given up, because too many were open");
    counted(&list, totals->lost_octets, "octet of IMAP connections was never captured",
            "octets of IMAP connections were never captured");
    counted(&list, totals->incomplete,
            "login is incomplete: it was cut off, or octets of it were never captured",
            "logins are incomplete: they were cut off, or octets of them were never captured");
    counted(&list, totals->unanswered, "login has no verdict: the server's answer was not seen",
            "logins have no verdict: the server's answer was not seen");
    return list.count;
}

static void no_login(struct list *list, int64_t count, const char *database)
{
    FILE *out = list_begin(list);

    if (out != NULL) {
        say_count(out, count, "connection", "connections");
        fputs(" ended without a login; why: ", out);
        say_query(out, database, "no-login");
    }
    list_end(list, out);
}

static void plain(struct list *list, const char *sentence)
{
    list->take(list->user, sentence);
    list->count++;
}

static void reorder_buffer(struct list *list, const struct report_totals *totals)
{
    FILE *out = list_begin(list);

    if (out != NULL && totals->senders == 1)
        fprintf(out, "Make %s send", totals->worst_client);
    else if (out != NULL)
        fprintf(out, "Begin with %s, then the other clients above: make each send", totals->worst_client);
    if (out != NULL)
        fputs(" every user name and password as a quoted string or a literal: A1 LOGIN \"ali*ce\" "
              "\"<password>\". If it "
              "is a proxy, the users' own programs need no repair.",
              out);
    list_end(list, out);
    if (totals->users_never_in > 0 && totals->wildcard_proved + totals->wildcard_likely > 0)
        plain(list, "Until then a user whose password holds * or % gets in with a new one that holds "
                    "neither; one whose "
                    "name holds them does not.");
    if (totals->wildcard_tolerated > 0)
        counted(list, totals->wildcard_tolerated,
                "login passes only because its server is lenient: repair its sender before it meets a strict "
                "one.",
                "logins pass only because their servers are lenient: repair their senders before they meet a "
                "strict one.");
}

unsigned step_sentences(const struct report_totals *totals, const char *database, sentence_receiver *take,
                        void *user)
{
    struct list list = {.take = take, .user = user};
    bool in_part =
        totals->midstream + totals->one_sided + totals->lost_octets + totals->drops + totals->evicted > 0;

    if (totals->worst_client != NULL)
        reorder_buffer(&list, totals);
    if (totals->other_broken > 0)
        counted(&list, totals->other_broken,
                "login breaks other rules: imaptap rules says for each what its sender should do.",
                "logins break other rules: imaptap rules says for each what its sender should do.");
    if (totals->failures_elsewhere > 0)
        counted(
            &list, totals->failures_elsewhere,
            "login failed for a reason other than how it was written: the diagnosis above says what to do.",
            "logins failed for reasons other than how they were written: the diagnosis above says what to "
            "do.");
    if (totals->failures_unknown > 0)
        counted(
            &list, totals->failures_unknown,
            "login failed, and why is not known: look at its frame, and at the log of its server.",
            "logins failed, and why is not known: look at their frames, and at the logs of their servers.");
    if (totals->no_login_known > 0)
        no_login(&list, totals->no_login_known, database);
    if (totals->logins == 0 && totals->encrypted == 0 && totals->no_login_known == 0)
        plain(&list,
              totals->one_sided > 0 || totals->connections == totals->not_imap
                  ? "Capture where the clients' logins pass in the clear: both directions of ports 143 "
                    "and 993 and whatever else the servers listen at (imaptap read --port)."
                  : "Capture where the clients' logins pass in the clear, from before the connections "
                    "begin.");
    if (totals->encrypted > 0)
        plain(&list, "To judge encrypted connections, capture behind the point where TLS ends (often a "
                     "proxy), or pipe what the "
                     "client would send into imaptap lint.");
    if (totals->one_sided > 0)
        plain(&list, "To see what was missed, capture both directions and whole frames (tcpdump -s 0 -B "
                     "65536), from before the "
                     "connections begin.");
    else if (in_part || totals->failed > 0)
        plain(&list, "To see what was missed, capture whole frames (tcpdump -s 0 -B 65536), from before the "
                     "connections begin.");
    if (totals->cleartext > 0)
        counted(&list, totals->cleartext,
                "login showed its password to everybody on the path: count that password as known, and "
                "require TLS.",
                "logins showed their passwords to everybody on the path: count those passwords as known, and "
                "require TLS.");
    if (totals->findings > 0)
        plain(&list, "After the repair capture again into a new database, and let imaptap compare BEFORE.db "
                     "AFTER.db say "
                     "which senders stopped and which users now get in.");
    if (list.count == 0)
        plain(&list, "Nothing needs to be done. Keep this report with the captures that it rests on.");
    return list.count;
}
