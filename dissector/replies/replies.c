/* The meaning of a reply: response code, then template, then words. */
#include "dissector/replies/replies.h"

#include "dissector/replies/templates.h"
#include "dissector/replies/vocabulary.h"

#include <string.h>
#include <strings.h>

#define BIT(cause) (1U << REPLY_##cause)
enum {
    NOTHING_ = 0,
    SYNTAX_ = BIT(SYNTAX),
    STATE_ = BIT(STATE),
    LIMIT_ = BIT(LIMIT),
    POLICY_ = BIT(POLICY),
    PRIVACY_ = BIT(PRIVACY),
    ACCOUNT_ = BIT(ACCOUNT),
    UNAVAILABLE_ = BIT(UNAVAILABLE),
    MECHANISM_ = BIT(MECHANISM),
    CREDENTIALS_ = BIT(CREDENTIALS),
    MAILBOX_ = BIT(MAILBOX),
    LITERAL_ = BIT(LITERAL),
    KNOWN_CREDENTIALS_ = 1U << REPLY_CAUSES, /* by a template only */
    ANYTHING_ = (1U << REPLY_CAUSES) - 1,
};

static const struct code {
    const char *name;
    enum reply_cause cause;
    enum reply_certainty certainty;
    unsigned refined_by; /* causes that the text may name instead */
} codes[] = {
#define CODE(name, cause, certainty, refined_by) {name, REPLY_##cause, REPLY_##certainty, refined_by},
#include "dissector/replies/codes.def"
#undef CODE
};

static const struct code *code_find(const char *name, size_t length)
{
    for (size_t i = 0; length > 0 && i < sizeof codes / sizeof codes[0]; i++)
        if (strlen(codes[i].name) == length && strncasecmp(codes[i].name, name, length) == 0)
            return &codes[i];
    return NULL;
}

/* The code's name, without its arguments. */
static size_t code_name_length(const struct reply *reply)
{
    size_t length = 0;
    while (length < reply->code_length && reply->code[length] != ' ')
        length++;
    return length;
}

static enum reply_saying saying_of(enum reply_status status)
{
    return status == REPLY_OK || status == REPLY_PREAUTH ? REPLY_ACCEPTED : REPLY_REFUSED;
}

static const struct reply_template *template_of(const struct reply *reply, struct reply_span *spans,
                                                size_t *count)
{
    return template_find(saying_of(reply->status), reply->code, code_name_length(reply), reply->text,
                         reply->length, spans, count);
}

struct text_meaning {
    struct reply_meaning meaning;
    bool by_denial;
};

/* What the text has in the last place of the template that it matches. */
static struct vocabulary_meaning judge_last_place(const struct reply *reply)
{
    struct reply_span spans[REPLY_SPANS];
    size_t count;
    template_of(reply, spans, &count);
    while (count > 0 && spans[count - 1].kind != REPLY_PLACE) /* the full stop after it */
        count--;
    if (count == 0)
        return vocabulary_judge(NULL, 0);
    return vocabulary_judge(reply->text + spans[count - 1].offset, spans[count - 1].length);
}

/* By template, or by words where none matches, or where what is in its last place says more. */
static struct text_meaning judge_text(const struct reply *reply, const struct reply_template *template)
{
    struct text_meaning text = {{REPLY_NONE, REPLY_AMBIGUOUS, REPLY_BY_NOTHING}, false};
    if (template)
        text.meaning = (struct reply_meaning){template->cause, template->certainty, REPLY_BY_TEMPLATE};
    bool open = template && template->certainty == REPLY_AMBIGUOUS && template_is_open(template);
    if (reply->length == 0 || saying_of(reply->status) == REPLY_ACCEPTED || (template && !open))
        return text;
    struct vocabulary_meaning words =
        open ? judge_last_place(reply) : vocabulary_judge(reply->text, reply->length);
    if (words.cause == REPLY_NONE || (open && (words.by_denial || words.cause == REPLY_WEAK_SYNTAX)))
        return text;
    return (struct text_meaning){{words.cause, words.certainty, REPLY_BY_WORDS}, words.by_denial};
}

static bool refines(const struct code *code, struct text_meaning text)
{
    if (text.meaning.cause == REPLY_CREDENTIALS && text.meaning.source == REPLY_BY_TEMPLATE &&
        code->refined_by & KNOWN_CREDENTIALS_)
        return true;
    if (text.meaning.cause == REPLY_NONE || (text.by_denial && code->refined_by != ANYTHING_))
        return false;
    return code->refined_by >> text.meaning.cause & 1U;
}

static struct reply_meaning judge_code(const struct code *code, struct text_meaning text)
{
    struct reply_meaning meaning = {code->cause, code->certainty, REPLY_BY_CODE};
    if (refines(code, text))
        return text.meaning;
    /* the code is right for other causes too, the text says that it is this one */
    if (text.meaning.cause == code->cause && text.meaning.certainty > meaning.certainty)
        meaning.certainty = text.meaning.certainty;
    return meaning;
}

/* A code that is not registered can name a reason as a word does: TOOMANYCONNECTIONS does not, ACCOUNT-LOCKED
 * does. */
static struct text_meaning judge_unknown_code(const struct reply *reply, struct text_meaning text)
{
    struct vocabulary_meaning words = vocabulary_judge(reply->code, code_name_length(reply));
    switch (words.cause) {
    case REPLY_LIMIT:
    case REPLY_POLICY:
    case REPLY_PRIVACY:
    case REPLY_ACCOUNT:
    case REPLY_UNAVAILABLE:
        return (struct text_meaning){{words.cause, words.certainty, REPLY_BY_WORDS}, words.by_denial};
    default:
        return text;
    }
}

struct reply_meaning replies_judge(const struct reply *reply)
{
    const struct reply_template *template = template_of(reply, NULL, NULL);
    struct text_meaning text = judge_text(reply, template);
    size_t length = code_name_length(reply);
    if (length == 0 || saying_of(reply->status) == REPLY_ACCEPTED || (template && template->code[0]))
        return text.meaning;
    const struct code *code = code_find(reply->code, length);
    if (!code)
        return judge_unknown_code(reply, text).meaning;
    return code->cause == REPLY_NONE ? text.meaning : judge_code(code, text);
}

size_t replies_match(const struct reply *reply, struct reply_span spans[REPLY_SPANS])
{
    size_t count;
    template_of(reply, spans, &count);
    return count;
}

bool replies_code_is_known(const char *code, size_t length)
{
    return code_find(code, length) != NULL;
}

const char *reply_cause_name(enum reply_cause cause)
{
    static const char *const names[REPLY_CAUSES] = {
        [REPLY_NONE] = "none",
        [REPLY_SYNTAX] = "syntax",
        [REPLY_WEAK_SYNTAX] = "weak syntax",
        [REPLY_STATE] = "state",
        [REPLY_LIMIT] = "limit",
        [REPLY_POLICY] = "policy",
        [REPLY_PRIVACY] = "privacy",
        [REPLY_ACCOUNT] = "account",
        [REPLY_UNAVAILABLE] = "unavailable",
        [REPLY_MECHANISM] = "mechanism",
        [REPLY_CREDENTIALS] = "credentials",
        [REPLY_MAILBOX] = "mailbox",
        [REPLY_LITERAL] = "literal",
        [REPLY_ALERT] = "alert",
    };
    return names[cause];
}

const char *reply_certainty_name(enum reply_certainty certainty)
{
    static const char *const names[] = {"ambiguous", "probable", "sure"};
    return names[certainty];
}

const char *reply_source_name(enum reply_source source)
{
    static const char *const names[] = {"nothing", "code", "template", "words"};
    return names[source];
}
