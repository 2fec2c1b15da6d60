/* Takes the input apart into commands, runs the dissector over them and hands out what is wrong. */
#include "analyzer/lint/lint.h"

#include "analyzer/lint/corrected.h"
#include "analyzer/lint/masked.h"
#include "analyzer/lint/servers.h"
#include "dissector/session.h"

#include <stdlib.h>
#include <string.h>

struct run {
    const struct lint_input *input;
    void (*finding)(void *user, const struct lint_finding *finding);
    void *user;
    struct lint_result *result;
    struct imap_session *session;
    struct layout_known known;
};

/* What only a network or the server's side can prove. */
static bool is_judged(enum imap_rule rule)
{
    switch (rule) {
    case IMAP_RULE_LITERAL_NOT_AWAITED:
    case IMAP_RULE_UNADVERTISED_LITERAL:
    case IMAP_RULE_OVERSIZED_LITERAL:
    case IMAP_RULE_UNADVERTISED_INITIAL_RESPONSE:
    case IMAP_RULE_STARTTLS_PIPELINED:
    case IMAP_RULE_LOGIN_DISABLED:
        return false;
    default:
        return true;
    }
}

static enum imap_form form_of(const struct imap_login *login, enum imap_argument argument)
{
    switch (argument) {
    case IMAP_ARG_USERNAME:
        return login->username_form;
    case IMAP_ARG_PASSWORD:
        return login->password_form;
    default:
        return IMAP_FORM_NONE;
    }
}

static void report(struct run *run, const struct imap_login *login, const struct layout *layout,
                   const struct imap_rule_info *rule, const struct imap_violation *violation)
{
    struct lint_finding finding = {.file = run->input->name,
                                   .rule = rule,
                                   .violation = violation,
                                   .form = form_of(login, violation->argument),
                                   .username = login->username};
    char *corrected = NULL, *masked;
    size_t corrected_length = 0, offset;
    FILE *out = open_memstream(&corrected, &corrected_length);
    bool sure, written;

    if (out == NULL) {
        run->result->failed = true;
        return;
    }
    masked = masked_line(run->input, login, layout, violation, &finding.caret, &offset);
    sure = corrected_line(out, login, layout);
    written = fclose(out) == 0;
    if (masked == NULL || !written) {
        run->result->failed = true;
    } else {
        finding.masked = masked;
        if (sure)
            finding.corrected = (struct imap_text){corrected, corrected_length};
        if (offset > run->input->length)
            offset = run->input->length;
        finding.place = layout_place(run->input, offset, &run->known);
        run->finding(run->user, &finding);
    }
    free(masked);
    free(corrected);
}

static void report_hint(struct run *run, const struct imap_login *login, const struct layout *layout)
{
    /* No rule of the dissector: only the argument and the octets are reported. */
    struct imap_violation hint = {.rule = IMAP_RULES, .argument = IMAP_ARG_USERNAME, .position = -1};

    if (login->command != IMAP_LOGIN || login->username_form != IMAP_FORM_ATOM)
        return;
    for (size_t i = 0; i < login->username.length; i++) {
        char octet = login->username.octets[i];

        if (!servers_refuse_legal((uint8_t)octet))
            continue;
        if (hint.position < 0)
            hint.position = (int64_t)i;
        if (memchr(hint.octets, octet, hint.octet_count) == NULL)
            hint.octets[hint.octet_count++] = (uint8_t)octet;
    }
    if (hint.octet_count == 0)
        return;
    hint.count = hint.octet_count;
    run->result->hints++;
    report(run, login, layout, &lint_hint, &hint);
}

/* Octets after the closing quote of a user name: the quotes may be a password's, and from the first
 * separator on, what stands between them too. */
static void cut_doubtful(struct imap_text *username)
{
    for (size_t i = 0; i < username->length; i++)
        if (username->octets[i] == ' ' || username->octets[i] == '\t')
            username->length = i;
}

static void on_login(void *user, const struct imap_login *record)
{
    struct run *run = user;
    struct imap_login known = *record, *login = &known;
    struct layout layout;

    run->result->logins++;
    if (login->incomplete)
        run->result->cut = true;
    layout_find(run->input, login, &layout);
    if (layout.junk)
        cut_doubtful(&login->username);
    for (unsigned i = 0; i < login->violation_count; i++) {
        const struct imap_violation *violation = &login->violations[i];

        if (!is_judged(violation->rule))
            continue;
        run->result->violations++;
        report(run, login, &layout, imap_rule_info(violation->rule), violation);
    }
    report_hint(run, login, &layout);
}

static bool begin(struct run *run)
{
    static const struct imap_session_options options = {.client_alone = true};
    static const struct imap_session_handler handler = {.login = on_login};

    run->session = imap_session_new(&options, &handler, run);
    run->result->failed = run->result->failed || run->session == NULL;
    return run->session != NULL;
}

static void end(struct run *run)
{
    imap_session_end(run->session);
    imap_session_free(run->session);
    run->session = NULL;
}

/* Octet by octet, so that the record says by its time where in the input the command begins. */
static void feed(struct run *run, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        struct imap_mark mark = {.time_ns = (int64_t)at};

        imap_session_feed(run->session, IMAP_FROM_CLIENT, run->input->octets + at, 1, &mark);
    }
}

static void file_feed_line_end(struct run *run, size_t at)
{
    struct imap_mark mark = {.time_ns = (int64_t)at};

    imap_session_feed(run->session, IMAP_FROM_CLIENT, "\r\n", 2, &mark);
}

/* Feeds a line's octets and, whatever ends it, a CR LF. Returns where the next line begins. */
static size_t file_feed_line(struct run *run, size_t from)
{
    const struct lint_input *input = run->input;
    const uint8_t *newline = memchr(input->octets + from, '\n', input->length - from);
    size_t next = newline != NULL ? (size_t)(newline - input->octets) + 1 : input->length;
    size_t last = newline != NULL ? next - 1 : next;

    if (last > from && input->octets[last - 1] == '\r')
        last--;
    feed(run, from, last);
    file_feed_line_end(run, last);
    return next;
}

/* Feeds a line and the literals that it announces. Returns where the next line begins; *authenticate says
 * whether lines of a SASL exchange may follow. */
static size_t file_feed_command(struct run *run, size_t from, bool *authenticate)
{
    const struct lint_input *input = run->input;
    bool arguments = false;
    struct layout_word word;
    size_t at = from;

    *authenticate = false;
    for (unsigned i = 0; layout_word(input, &at, arguments, &word); i++) {
        if (i < 2) {
            *authenticate = *authenticate || layout_is_authenticate(input, &word);
            arguments = arguments || *authenticate || layout_is_login(input, &word);
        }
        if (!word.literal)
            continue;
        feed(run, from, word.end);
        file_feed_line_end(run, word.end);
        feed(run, word.body, at);
        from = at;
        if (from == input->length) {
            /* The literal's last octet may be the input's, with no line end after it. */
            if (word.size == at - word.body)
                file_feed_line_end(run, at);
            return at;
        }
    }
    return file_feed_line(run, from);
}

/* A line of a SASL exchange has no space; an empty one ends it here. */
static bool is_response(const struct lint_input *input, size_t at)
{
    size_t begin = at;

    while (at < input->length && input->octets[at] != '\n' && input->octets[at] != '\r') {
        if (input->octets[at] == ' ' || input->octets[at] == '\t')
            return false;
        at++;
    }
    return at > begin;
}

static void run_lines(struct run *run)
{
    size_t at = 0;

    while (at < run->input->length && begin(run)) {
        bool authenticate;

        at = file_feed_command(run, at, &authenticate);
        while (authenticate && is_response(run->input, at))
            at = file_feed_line(run, at);
        end(run);
    }
}

static void run_stream(struct run *run)
{
    struct imap_session_facts facts;

    if (!begin(run))
        return;
    feed(run, 0, run->input->length);
    imap_session_facts(run->session, &facts);
    run->result->encrypted = run->result->encrypted || facts.encryption != IMAP_ENCRYPTION_NONE;
    run->result->not_imap = run->result->not_imap || facts.not_imap;
    end(run);
}

void lint_run(const struct lint_input *input, bool stream,
              void (*finding)(void *user, const struct lint_finding *finding), void *user,
              struct lint_result *result)
{
    struct run run = {.input = input, .finding = finding, .user = user, .result = result};

    if (stream)
        run_stream(&run);
    else
        run_lines(&run);
}
