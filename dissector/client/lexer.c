/* Splits the arguments of a command line, octet by octet. */
#include "dissector/client/lexer.h"

#include <limits.h>
#include <string.h>

/* Arguments of LOGIN; more of them are parts of one that was not quoted. */
#define WANTED_ARGUMENTS 2
#define SCRAPS_OCTETS    1024
/* Octets of a long argument that are looked at together. */
#define RUN_OCTETS 32

static bool is_separator(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

struct argument *lexer_current(struct lexer *lexer)
{
    if (lexer->count == 0)
        return NULL;
    unsigned index = lexer->count - 1;
    return &lexer->arguments[index < LEXER_ARGUMENTS ? index : LEXER_ARGUMENTS];
}

static void keep(struct lexer *lexer, struct budget *budget, const void *octets, size_t length)
{
    struct argument *argument = lexer_current(lexer);
    if (lexer->count > WANTED_ARGUMENTS)
        bounded_text_append(&lexer->scraps, budget, octets, length, SCRAPS_OCTETS);
    if (argument != &lexer->arguments[LEXER_ARGUMENTS])
        bounded_text_append(&argument->value, budget, octets, length, IMAP_KEPT_OCTETS);
}

/* From here on the argument may hold the password that was meant to follow it. */
static void doubt(struct argument *argument)
{
    if (argument->doubtful)
        return;
    argument->doubtful = true;
    argument->sure_length = argument->value.length;
    argument->sure = argument->found;
}

static void begin(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    if (lexer->count > 0 && (lexer->gap != 1 || lexer->tab))
        lexer->bad_spacing = true;
    if (lexer->count < UINT_MAX)
        lexer->count++;
    struct argument *argument = lexer_current(lexer);
    bounded_text_free(&argument->value, budget);
    *argument = (struct argument){.gap = lexer->gap, .tab = lexer->tab};
    argument->form = octet == '"' ? IMAP_FORM_QUOTED : IMAP_FORM_ATOM;
    lexer->gap = 0;
    lexer->tab = false;
    bounded_text_append(&lexer->scraps, budget, " ", lexer->count > WANTED_ARGUMENTS, SCRAPS_OCTETS);
}

static void separator(struct lexer *lexer, uint8_t octet)
{
    struct argument *argument = lexer_current(lexer);
    if (argument)
        argument->complete = true;
    lexer->state = LEXER_SEPARATOR;
    lexer->gap++;
    lexer->tab = lexer->tab || octet == '\t';
}

static void atom(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    struct argument *argument = lexer_current(lexer);
    uint64_t position = argument->sent++;
    if (octet == '"') {
        uint64_t before = argument->value.length;
        bool first = !argument->doubtful;
        validator_atom(&argument->found, octet, position);
        doubt(argument);
        if (first)
            argument->sure_length = before;
    } else {
        validator_atom(&argument->found, octet, position);
    }
    literal_header_octet(&argument->literal, octet);
    keep(lexer, budget, &octet, 1);
}

static void quoted(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    struct argument *argument = lexer_current(lexer);
    uint64_t position = argument->sent++;
    if (lexer->state == LEXER_ESCAPED) {
        if (octet != '"' && octet != '\\')
            violation_note(&argument->found.violations_noted[VIOLATION_QUOTED], '\\', position - 1);
        lexer->state = LEXER_QUOTED;
    } else if (octet == '\\') {
        lexer->state = LEXER_ESCAPED;
        return;
    } else if (octet == '"') {
        lexer->state = LEXER_CLOSED;
        argument->complete = true;
        return;
    }
    if (is_separator(octet))
        doubt(argument);
    validator_quoted(&argument->found, octet, position);
    keep(lexer, budget, &octet, 1);
}

/* What follows a closing quote may be the password: only that something does is noted. */
static void junk(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    struct argument *argument = lexer_current(lexer);
    bounded_text_append(&lexer->scraps, budget, " ", 1, SCRAPS_OCTETS);
    bounded_text_append(&lexer->scraps, budget, &octet, 1, SCRAPS_OCTETS);
    struct violation *noted = &argument->found.violations_noted[VIOLATION_QUOTED];
    if (noted->count == 0)
        noted->position = (int64_t)argument->sent;
    noted->count++;
    if (argument->doubtful && argument->sure.violations_noted[VIOLATION_QUOTED].count == 0)
        argument->sure.violations_noted[VIOLATION_QUOTED] = (struct violation){.count = 1, .position = -1};
    argument->junk = true;
    lexer->state = LEXER_JUNK;
}

static void start(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    begin(lexer, budget, octet);
    if (octet == '"') {
        lexer_current(lexer)->sent = 1;
        lexer->state = LEXER_QUOTED;
    } else {
        lexer->state = LEXER_ATOM;
        atom(lexer, budget, octet);
    }
}

void lexer_octet(struct lexer *lexer, struct budget *budget, uint8_t octet)
{
    if (lexer->state == LEXER_QUOTED || lexer->state == LEXER_ESCAPED)
        quoted(lexer, budget, octet);
    else if (is_separator(octet))
        separator(lexer, octet);
    else if (lexer->state == LEXER_ATOM)
        atom(lexer, budget, octet);
    else if (lexer->state == LEXER_CLOSED && octet != '"' && octet != '{')
        junk(lexer, budget, octet);
    else if (lexer->state == LEXER_JUNK)
        bounded_text_append(&lexer->scraps, budget, &octet, 1, SCRAPS_OCTETS);
    else
        start(lexer, budget, octet);
}

/* No separator, quote, brace or tilde, and nothing that a rule is about. */
static bool is_plain(uint8_t octet)
{
    static const uint64_t plain[2] = {
        /* ! # $ & ' + , - . / 0-9 : ; < = > ? */
        UINT64_C(0xfffff8da00000000),
        /* @ A-Z [ ] ^ _ ` a-z | } */
        UINT64_C(0x37ffffffefffffff),
    };
    return octet < 128 && (plain[octet >> 6] >> (octet & 63) & 1);
}

/* True when all octets of a run are of the two long rows of plain ones. Without a branch an octet, so that
 * compilers take many at once. */
static bool run_is_plain(const uint8_t *octets)
{
    uint8_t others = 0;
    for (size_t i = 0; i < RUN_OCTETS; i++)
        others |= ((uint8_t)(octets[i] - '+') > '[' - '+') & ((uint8_t)(octets[i] - ']') > 'z' - ']');
    return others == 0;
}

/* How many octets are plain, up to the first that is not. */
static size_t plain_octets(const uint8_t *octets, size_t length)
{
    size_t part = 0;
    for (;;) {
        size_t end = length - part < RUN_OCTETS ? length : part + RUN_OCTETS;
        while (part < end && is_plain(octets[part]))
            part++;
        if (part < end || part == length)
            return part;
        while (length - part >= RUN_OCTETS && run_is_plain(octets + part)) /* it is a long argument */
            part += RUN_OCTETS;
    }
}

size_t lexer_plain(struct lexer *lexer, struct budget *budget, const uint8_t *octets, size_t length)
{
    struct argument *argument = lexer_current(lexer);
    if (lexer->state != LEXER_QUOTED &&
        (lexer->state != LEXER_ATOM || literal_header_is_begun(&argument->literal)))
        return 0;
    size_t part = plain_octets(octets, length);
    argument->sent += part;
    if (part > 0)
        keep(lexer, budget, octets, part);
    return part;
}

/* Position 0: the opening quote is what has no partner. The end of the line would show how long a password is
 * that was swallowed by a user name. */
static void unclosed(struct validator *validator)
{
    struct violation *noted = &validator->violations_noted[VIOLATION_QUOTED];
    struct violation with = {0};
    violation_note(&with, '"', 0);
    for (uint8_t i = 0; i < noted->octet_count; i++)
        violation_note(&with, noted->octets[i], 0);
    with.count = noted->count + 1;
    *noted = with;
}

bool lexer_line_end(struct lexer *lexer)
{
    struct argument *argument = lexer_current(lexer);
    if (lexer->state == LEXER_ATOM && literal_header_is_closed(&argument->literal) &&
        argument->literal.length == argument->sent) {
        bounded_text_clear(&argument->value);
        argument->found = (struct validator){0};
        argument->sent = 0;
        if (argument->literal.tilde)
            argument->form = IMAP_FORM_LITERAL8;
        else
            argument->form = argument->literal.plus ? IMAP_FORM_LITERAL_PLUS : IMAP_FORM_LITERAL;
        lexer->state = LEXER_LITERAL;
        return true;
    }
    if (lexer->state == LEXER_QUOTED || lexer->state == LEXER_ESCAPED) {
        unclosed(&argument->found);
        unclosed(&argument->sure);
    }
    if (argument)
        argument->complete = true;
    return false;
}

/* True when there is a NUL or a separator in a run; without a branch an octet. */
static bool run_has_separator(const uint8_t *octets)
{
    uint8_t found = 0;
    for (size_t i = 0; i < RUN_OCTETS; i++)
        found |= (octets[i] == 0) | is_separator(octets[i]);
    return found != 0;
}

/* How many octets of a literal are neither NUL nor, as long as that matters, a separator. */
static size_t plain_literal(const struct argument *argument, const uint8_t *octets, size_t length)
{
    size_t part = 0;
    if (argument->doubtful) {
        const uint8_t *nul = memchr(octets, 0, length);
        return nul ? (size_t)(nul - octets) : length;
    }
    while (length - part >= RUN_OCTETS && !run_has_separator(octets + part))
        part += RUN_OCTETS;
    while (part < length && octets[part] != 0 && !is_separator(octets[part]))
        part++;
    return part;
}

void lexer_literal(struct lexer *lexer, struct budget *budget, const uint8_t *octets, size_t length)
{
    struct argument *argument = lexer_current(lexer);
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        size_t plain = plain_literal(argument, octets + i, length - i);
        argument->sent += plain;
        i += plain;
        if (i == length)
            break;
        if (is_separator(octets[i]) && !argument->doubtful) {
            keep(lexer, budget, octets + kept, i - kept);
            doubt(argument);
            kept = i;
        }
        validator_literal(&argument->found, octets[i], argument->sent++);
    }
    keep(lexer, budget, octets + kept, length - kept);
}

void lexer_literal_hole(struct lexer *lexer, uint64_t length)
{
    struct argument *argument = lexer_current(lexer);
    argument->holed = true;
    argument->sent += length;
}

void lexer_literal_end(struct lexer *lexer)
{
    lexer_current(lexer)->complete = true;
    lexer->state = LEXER_BEHIND_LITERAL;
}

void lexer_drop_probe(struct lexer *lexer, struct budget *budget)
{
    budget_give(budget, lexer->probe, sizeof *lexer->probe);
    lexer->probe = NULL;
}

void lexer_forget_literal(struct lexer *lexer, struct budget *budget)
{
    unsigned count = lexer->probe->count;
    for (unsigned i = count - 1; i <= LEXER_ARGUMENTS; i++) {
        struct argument *argument = &lexer->arguments[i];
        enum imap_form form = argument->form;
        struct argument kept = {.gap = argument->gap, .tab = argument->tab, .literal = argument->literal};
        bounded_text_free(&argument->value, budget);
        *argument = i == count - 1 ? kept : (struct argument){0};
        argument->form = i == count - 1 ? form : IMAP_FORM_NONE;
    }
    lexer->count = count;
    lexer->gap = 0;
    lexer->bad_spacing = lexer->probe->bad_spacing;
    lexer->state = LEXER_LITERAL;
}

void lexer_free(struct lexer *lexer, struct budget *budget)
{
    for (unsigned i = 0; i <= LEXER_ARGUMENTS; i++)
        bounded_text_free(&lexer->arguments[i].value, budget);
    bounded_text_free(&lexer->scraps, budget);
    lexer_drop_probe(lexer, budget);
}
