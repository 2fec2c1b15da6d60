/*
 * Matches a text against the templates. Those that can match are found by the first word; a place takes what
 * precedes the next literal's first occurrence, so that no octet is looked at again and again.
 */
#include "dissector/replies/templates.h"

#include "dissector/replies/words.h"
#include "template_index.h" /* made by make_index.c: template_text, template_start, template_order */

#include <string.h>
#include <strings.h>

static const struct reply_template templates[] = {
#define REPLY(saying, cause, certainty, code, text, products)                                                \
    {REPLY_##saying, REPLY_##cause, REPLY_##certainty, code, text, products},
#include "dissector/replies/templates.def"
#undef REPLY
};

#define TEMPLATES (sizeof templates / sizeof templates[0])
/* Octets of a count, a time or an error number; more is something else. */
#define NUMBER_DIGITS 10

struct view {
    const uint8_t *octets; /* folded */
    size_t length;         /* without what stands at the end and does not matter */
};

struct match {
    struct reply_span spans[REPLY_SPANS];
    size_t count;
    size_t literal; /* octets of literals */
};

const struct reply_template *template_at(size_t number)
{
    return number < TEMPLATES ? &templates[number] : NULL;
}

bool template_is_open(const struct reply_template *template)
{
    size_t length = strlen(template->text);
    return length > 0 && template->text[length - 1] == '}' && strcmp(template->text + length - 3, "{n}") != 0;
}

static bool ends_with(struct view view, const char *end)
{
    size_t length = strlen(end);
    return view.length >= length && memcmp(view.octets + view.length - length, end, length) == 0;
}

static void strip_end(struct view *view)
{
    while (view->length > 0 && strchr(" .!\r\n", view->octets[view->length - 1]))
        view->length--;
}

/* Full stops at the end, and Gmail's way to say whether it worked. */
static void trim(struct view *view)
{
    strip_end(view);
    if (ends_with(*view, "(failure)") || ends_with(*view, "(success)")) {
        view->length -= strlen("(failure)");
        strip_end(view);
    }
}

static void add(struct match *match, size_t from, size_t to, enum reply_span_kind kind)
{
    if (from == to || match->count == REPLY_SPANS)
        return; /* REPLY_SPANS: make_index lets no template have as many */
    if (kind == REPLY_LITERAL_TEXT)
        match->literal += to - from;
    match->spans[match->count++] = (struct reply_span){(uint16_t)from, (uint16_t)(to - from), kind};
}

static bool is_at(struct view view, size_t at, const char *literal, size_t length)
{
    return at <= view.length && view.length - at >= length && memcmp(view.octets + at, literal, length) == 0;
}

static size_t digits_end(struct view view, size_t at)
{
    while (at < view.length && view.octets[at] >= '0' && view.octets[at] <= '9')
        at++;
    return at;
}

/* Where a number that begins at `at` ends, also one with a sign or a decimal point; `at` when none does. */
static size_t number_end(struct view view, size_t at)
{
    if (is_at(view, at, WORDS_WITHHELD, WORDS_WITHHELD_OCTETS))
        return at + WORDS_WITHHELD_OCTETS;
    size_t digits = at < view.length && view.octets[at] == '-' ? at + 1 : at;
    size_t end = digits_end(view, digits);
    if (end > digits && end < view.length && view.octets[end] == '.' && digits_end(view, end + 1) > end + 1)
        end = digits_end(view, end + 1);
    return end > digits && end - digits <= NUMBER_DIGITS ? end : at;
}

/* Where the literal stands that ends a place which begins at `at`; `at` when it stands nowhere after it. */
static size_t place_end(struct view view, size_t at, const char *literal, size_t length, bool last)
{
    if (at >= view.length)
        return at;
    if (last)
        return view.length - at > length && is_at(view, view.length - length, literal, length)
                   ? view.length - length
                   : at;
    for (size_t end = at + 1; end + length <= view.length; end++) {
        const uint8_t *next = memchr(view.octets + end, literal[0], view.length - length + 1 - end);
        if (!next)
            return at;
        end = (size_t)(next - view.octets);
        if (is_at(view, end, literal, length))
            return end;
    }
    return at;
}

/* Matches from `at` to the end of the view. */
static bool matches(const char *pattern, struct view view, size_t at, struct match *match)
{
    size_t literal = strcspn(pattern, "{");
    if (!is_at(view, at, pattern, literal))
        return false;
    add(match, 0, at + literal, REPLY_LITERAL_TEXT);
    at += literal;
    pattern += literal;
    while (*pattern) { /* a place, and the literal that follows it */
        bool number = strncmp(pattern, "{n}", 3) == 0;
        pattern += strcspn(pattern, "}") + 1;
        literal = strcspn(pattern, "{");
        bool last = pattern[literal] == '\0';
        size_t end = number ? number_end(view, at) : place_end(view, at, pattern, literal, last);
        if (end == at || !is_at(view, end, pattern, literal))
            return false;
        add(match, at, end, number ? REPLY_NUMBER : REPLY_PLACE);
        add(match, end, end + literal, REPLY_LITERAL_TEXT);
        at = end + literal;
        pattern += literal;
    }
    return at == view.length;
}

struct search {
    enum reply_saying saying;
    const char *code;
    size_t code_length;
    const struct reply_template *best;
    struct match match;
};

static bool code_fits(const struct search *search, const char *code)
{
    return code[0] == '\0' ||
           (strlen(code) == search->code_length && strncasecmp(code, search->code, search->code_length) == 0);
}

/* One that names its code goes before others, then the most literal one. */
static bool is_better(const struct reply_template *template, const struct match *match,
                      const struct search *search)
{
    if (!search->best)
        return true;
    bool named = template->code[0] != '\0';
    bool best_named = search->best->code[0] != '\0';
    return named != best_named ? named : match->literal > search->match.literal;
}

static void try_bucket(struct search *search, struct view view, size_t at, unsigned bucket)
{
    for (unsigned i = template_start[bucket]; i < template_start[bucket + 1]; i++) {
        unsigned number = template_order[i];
        struct match match; /* its spans are written before they are read */
        match.count = match.literal = 0;
        if (templates[number].saying == search->saying && code_fits(search, templates[number].code) &&
            matches(template_text[number], view, at, &match) &&
            is_better(&templates[number], &match, search)) {
            search->best = &templates[number];
            search->match = match;
        }
    }
}

static void try_at(struct search *search, struct view view, size_t at)
{
    size_t skip;
    size_t word = command_line_length(view.octets + at, view.length - at, &skip);
    if (word > 0)
        try_bucket(search, view, at, command_line_place(view.octets + at, word));
    try_bucket(search, view, at, WORDS_PLACES);
}

/* Many servers repeat the command's name before their text. */
static size_t command_length(struct view view)
{
    static const char *const commands[] = {"login ", "authenticate "};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (is_at(view, 0, commands[i], strlen(commands[i])))
            return strlen(commands[i]);
    return 0;
}

const struct reply_template *template_find(enum reply_saying saying, const char *code, size_t code_length,
                                           const char *text, size_t length,
                                           struct reply_span spans[REPLY_SPANS], size_t *count)
{
    if (count)
        *count = 0;
    if (length == 0 || length > REPLY_TEXT_OCTETS)
        return NULL;
    uint8_t folded[REPLY_TEXT_OCTETS];
    command_line_fold(folded, text, length);
    struct view view = {folded, length};
    trim(&view);
    if (view.length == 0)
        return NULL;
    struct search search = {.saying = saying, .code = code, .code_length = code_length};
    try_at(&search, view, 0);
    if (!search.best && command_length(view) > 0)
        try_at(&search, view, command_length(view));
    if (!search.best || !spans || !count)
        return search.best;
    struct match *match = &search.match;
    if (match->spans[match->count - 1].kind == REPLY_LITERAL_TEXT)
        match->spans[match->count - 1].length =
            (uint16_t)(length - match->spans[match->count - 1].offset); /* with what was trimmed */
    else
        add(match, view.length, length, REPLY_LITERAL_TEXT);
    memcpy(spans, match->spans, match->count * sizeof spans[0]);
    *count = match->count;
    return search.best;
}
