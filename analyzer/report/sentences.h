/*
 * The sentences of a report: the verdict, what was missed, and what to do next. "No finding" and "not seen"
 * are different sentences. They hold text of the database: whoever shows them escapes it.
 */
#ifndef IMAPTAP_ANALYZER_REPORT_SENTENCES_H
#define IMAPTAP_ANALYZER_REPORT_SENTENCES_H

#include "analyzer/report/totals.h"

#include <stdio.h>

/* What the verdict comes to: the worst verdict of the view diagnosis. */
enum verdict_state {
    VERDICT_PROVED,     /* it is proved why logins failed */
    VERDICT_LIKELY,     /* it is likely */
    VERDICT_TOLERATED,  /* rules are broken, and the servers take it */
    VERDICT_UNKNOWN,    /* logins failed, and why is not known */
    VERDICT_UNRELATED,  /* logins failed for the fault of somebody who is not among these clients */
    VERDICT_NO_FINDING, /* logins were seen; none failed, and none breaks a rule */
    VERDICT_NOT_SEEN    /* there was no login to judge */
};

enum verdict_state verdict_state(const struct report_totals *totals);

/* Two words, e.g. "fault proved" (how a login was written is why) or "cause proved" (something else is). */
const char *verdict_word(const struct report_totals *totals);

#define VERDICT_LINES 3

/* Writes line number `line` (from 0) of the verdict: who sends what, which users were hit, what it rests on.
 * `totals` is a struct report_totals. */
void verdict_line(const void *totals, int line, FILE *out);

/* Hands each sentence of a list to `take`; returns how many there were. The first list is of what the
 * captures could not show; none: nothing was missed. */
typedef void sentence_receiver(void *user, const char *sentence);
unsigned missed_sentences(const struct report_totals *totals, sentence_receiver *take, void *user);
/* `database`: its path, for the commands that some of them name. */
unsigned step_sentences(const struct report_totals *totals, const char *database, sentence_receiver *take,
                        void *user);

/* Writes "imaptap query -d FILE NAME", without -d FILE for the database that is asked anyway. */
void say_query(FILE *out, const char *database, const char *name);

/* Writes "1,234 logins" or "1 login". */
void say_count(FILE *out, int64_t count, const char *one, const char *many);

#endif
