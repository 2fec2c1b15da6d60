/*
 * Where the parts of a command stand in the input: offsets only, never octets. The dissector's record says
 * what the parts are; this says at which line and column a reader finds them.
 *
 * Octets after the user name may be the password however they look, so nothing is reported of what follows a
 * user name whose end is not certain.
 */
#ifndef IMAPTAP_ANALYZER_LINT_LAYOUT_H
#define IMAPTAP_ANALYZER_LINT_LAYOUT_H

#include "dissector/login.h"

#include <stdbool.h>

/* What lint reads: one file, from its first octet to its last. */
struct lint_input {
    const char *name;
    const uint8_t *octets;
    size_t length;
};

/* An offset that is not known. */
#define LAYOUT_NOWHERE SIZE_MAX

/* The separators (space or tab) from `begin` up to `end`. */
struct layout_gap {
    size_t begin, end; /* LAYOUT_NOWHERE: not reported */
};

struct layout {
    size_t tag;    /* LAYOUT_NOWHERE: it is missing */
    size_t name;   /* of the command's name */
    size_t first;  /* of the first argument; of a literal, of its announcement */
    size_t second; /* of the second one, when the first one's end is certain */
    size_t body;   /* of the first argument's octets: `first`, but for a literal */
    struct layout_gap before_tag, before_name, before_first, before_second;
    bool whole;  /* the first argument is the user name (or mechanism) of the record, all of it */
    bool closed; /* it is a quoted string with its closing quote */
    bool junk;   /* octets follow that quote */
};

/* Finds the parts of the command that begins at offset `login->begin.time_ns` of the input. */
void layout_find(const struct lint_input *input, const struct imap_login *login, struct layout *layout);

/* A word of a command line; of a literal: its announcement. */
struct layout_word {
    size_t gap;        /* where the separators before it begin */
    size_t begin, end; /* of its octets as sent */
    size_t body;       /* where its literal's octets begin */
    uint64_t size;     /* octets of the literal, which may be more than the input holds */
    uint64_t value;    /* octets of a quoted string without quotes and escapes, else of the word or literal */
    bool literal, quoted, closed, junk;
};

/* Reads the next word at *at and moves *at past it (after the octets of a literal). With `arguments`,
 * quoted strings are words, and only a word of its own announces a literal; otherwise whatever ends the line
 * does. False: the line ends at *at. */
bool layout_word(const struct lint_input *input, size_t *at, bool arguments, struct layout_word *word);

/* Whether the words are LOGIN or AUTHENTICATE; the case does not matter. */
bool layout_is_login(const struct lint_input *input, const struct layout_word *word);
bool layout_is_authenticate(const struct lint_input *input, const struct layout_word *word);

/* Where in the input an offset is, from 1. Columns are characters of UTF-8. */
struct layout_place {
    size_t line, column;
};

/* A line whose number is known, so that not all is counted again; all zero is the first one. */
struct layout_known {
    size_t begin, before; /* its first octet, and the lines before it */
};
struct layout_place layout_place(const struct lint_input *input, size_t offset, struct layout_known *known);

#endif
