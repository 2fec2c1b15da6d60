/* Judges a text by the phrases of vocabulary.def: each word of the text is looked up once. */
#include "dissector/replies/vocabulary.h"

#include "dissector/replies/words.h"
#include "phrase_index.h" /* made by make_index.c: phrase_start, phrase_order */

#include <string.h>

/* Kinds of phrases, in the order in which they count. */
enum kind {
    LITERAL,
    SYNTAX,
    STATE,
    LIMIT,
    POLICY,
    PRIVACY,
    ACCOUNT,
    MAILBOX,
    UNAVAILABLE,
    MECHANISM,
    DENIED,
    CREDENTIALS,
    CONTACT,
    WEAK_SYNTAX,
    WRONG,
    OR,
};

static const struct {
    enum kind kind;
    const char *words;
} phrases[] = {
#define WORDS(kind, words) {kind, words},
#include "dissector/replies/vocabulary.def"
#undef WORDS
};

/* Words that a `*` may stand for. */
#define GAP 4

struct text {
    const uint8_t *octets;
    struct {
        uint16_t at;
        uint16_t length;
    } words[REPLY_TEXT_OCTETS];
    size_t count;
};

static void split(struct text *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t skip;
        size_t word = command_line_length(text->octets + at, length - at, &skip);
        if (word > 0) {
            text->words[text->count].at = (uint16_t)at;
            text->words[text->count++].length = (uint16_t)word;
        }
        at += word > 0 ? word : skip;
    }
}

/* True when the words from number `at` on are those of `phrase`, up to its end or to its `*`, which it then
 * returns in `rest`. `at` is moved past them. */
static bool follows(const struct text *text, size_t *at, const char *phrase, const char **rest)
{
    *rest = NULL;
    while (*phrase) {
        if (*phrase == ' ') {
            phrase++;
            continue;
        }
        if (*phrase == '*') {
            *rest = phrase + 1;
            return true;
        }
        size_t skip;
        size_t length = command_line_length((const uint8_t *)phrase, strlen(phrase), &skip);
        if (*at == text->count || text->words[*at].length != length ||
            memcmp(text->octets + text->words[*at].at, phrase, length) != 0)
            return false;
        phrase += length;
        ++*at;
    }
    return true;
}

static bool stands_at(const struct text *text, size_t at, const char *phrase)
{
    const char *rest;
    if (!follows(text, &at, phrase, &rest))
        return false;
    if (!rest)
        return true;
    for (size_t gap = 0; gap <= GAP && at + gap < text->count; gap++) {
        size_t next = at + gap;
        const char *none;
        if (follows(text, &next, rest, &none))
            return true;
    }
    return false;
}

/* The kinds of phrases in the text, a bit each. */
static unsigned kinds_in(const struct text *text)
{
    unsigned kinds = 0;
    for (size_t at = 0; at < text->count; at++) {
        unsigned place = command_line_place(text->octets + text->words[at].at, text->words[at].length);
        for (unsigned i = phrase_start[place]; i < phrase_start[place + 1]; i++) {
            unsigned number = phrase_order[i];
            if (stands_at(text, at, phrases[number].words))
                kinds |= 1U << phrases[number].kind;
        }
    }
    return kinds;
}

static bool names(unsigned kinds, enum kind kind)
{
    return kinds >> kind & 1U;
}

static struct vocabulary_meaning meaning_of(unsigned kinds)
{
    static const struct {
        enum kind kind;
        struct vocabulary_meaning meaning;
    } order[] = {
        {LITERAL, {REPLY_LITERAL, REPLY_PROBABLE, false}},
        {SYNTAX, {REPLY_SYNTAX, REPLY_PROBABLE, false}},
        {STATE, {REPLY_STATE, REPLY_PROBABLE, false}},
        {LIMIT, {REPLY_LIMIT, REPLY_PROBABLE, false}},
        {POLICY, {REPLY_POLICY, REPLY_PROBABLE, false}},
        {PRIVACY, {REPLY_PRIVACY, REPLY_PROBABLE, false}},
        {ACCOUNT, {REPLY_ACCOUNT, REPLY_PROBABLE, false}},
        {MAILBOX, {REPLY_MAILBOX, REPLY_PROBABLE, false}},
        {UNAVAILABLE, {REPLY_UNAVAILABLE, REPLY_PROBABLE, false}},
        {MECHANISM, {REPLY_MECHANISM, REPLY_PROBABLE, false}},
        {DENIED, {REPLY_POLICY, REPLY_AMBIGUOUS, true}},
        {CREDENTIALS, {REPLY_CREDENTIALS, REPLY_PROBABLE, false}},
        {CONTACT, {REPLY_ACCOUNT, REPLY_AMBIGUOUS, true}},
        {WEAK_SYNTAX, {REPLY_WEAK_SYNTAX, REPLY_AMBIGUOUS, false}},
    };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (names(kinds, order[i].kind))
            return order[i].meaning;
    return (struct vocabulary_meaning){REPLY_NONE, REPLY_AMBIGUOUS, false};
}

struct vocabulary_meaning vocabulary_judge(const char *text, size_t length)
{
    uint8_t folded[REPLY_TEXT_OCTETS];
    struct text words;
    length = length < sizeof folded ? length : sizeof folded;
    command_line_fold(folded, text, length);
    words.octets = folded;
    words.count = 0;
    split(&words, length);
    unsigned kinds = kinds_in(&words);
    struct vocabulary_meaning meaning = meaning_of(kinds);
    /* "wrong password or account disabled" */
    if (names(kinds, CREDENTIALS) && names(kinds, WRONG) && names(kinds, OR) &&
        (meaning.cause == REPLY_LIMIT || meaning.cause == REPLY_POLICY || meaning.cause == REPLY_ACCOUNT ||
         meaning.cause == REPLY_UNAVAILABLE))
        return (struct vocabulary_meaning){REPLY_CREDENTIALS, REPLY_AMBIGUOUS, false};
    return meaning;
}
