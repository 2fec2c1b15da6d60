/* A sentence that is being written: what its two files share (sentences.c, reasons.c). */
#ifndef IMAPTAP_DB_JUDGEMENT_SENTENCE_H
#define IMAPTAP_DB_JUDGEMENT_SENTENCE_H

#include "db/judgement/judge.h"

struct sentence {
    const struct judge *judge;
    const struct judge_login *login;
    const struct judge_verdict *verdict;
    sqlite3_str *text;
};

void sentence_put(struct sentence *s, const char *text);
const char *sentence_text(const struct sentence *s, uint32_t number);
void sentence_client(struct sentence *s, const struct judge_login *login);
void sentence_server(struct sentence *s, const struct judge_login *login);
/* The answer, its words, and where the command stands. */
void sentence_answer(struct sentence *s);
void sentence_frame(struct sentence *s, uint32_t login);

/* Whole sentences, by cause. */
void sentence_form(struct sentence *s);
void sentence_mechanism(struct sentence *s);
void sentence_credentials(struct sentence *s);
void sentence_reason(struct sentence *s);
void sentence_disabled(struct sentence *s);
void sentence_mailbox(struct sentence *s);

#endif
