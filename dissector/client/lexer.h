/*
 * Splits the arguments of LOGIN and AUTHENTICATE into their octets, in whatever form each is written, octet
 * by octet and without ever looking ahead. It is lenient, so that a fault is found where it is: what breaks
 * the grammar is noted and the scan goes on as a lenient server's would.
 *
 * The caller finds the line ends (a line end is one wherever it stands, also between quotes) and, when
 * lexer_line_end says that a literal follows, counts its octets.
 */
#ifndef IMAPTAP_DISSECTOR_CLIENT_LEXER_H
#define IMAPTAP_DISSECTOR_CLIENT_LEXER_H

#include "dissector/bounded_text.h"
#include "dissector/client/literal_header.h"
#include "dissector/client/probe.h"
#include "dissector/client/validator.h"

/* Arguments that are kept: two, and one more for a line whose tag may be missing. */
#define LEXER_ARGUMENTS 3

struct argument {
    enum imap_form form;
    struct bounded_text value;     /* as a lenient server sees it: quotes and escapes undone */
    uint64_t sent;                 /* octets as sent so far: the next one's position */
    struct validator found;        /* what is wrong with it */
    bool doubtful;                 /* from some octet on, it may be the password that was meant to follow: */
    uint64_t sure_length;          /* the octets of value before that one */
    struct validator sure;         /* what was found before it */
    struct literal_header literal; /* the announcement, when it is a literal */
    bool complete;                 /* its last octet was seen */
    bool holed;                    /* octets of it were never captured */
    bool junk;                     /* octets followed the closing quote */
    bool tab;                      /* the gap before it held a tab */
    uint64_t gap;                  /* separators before it */
};

enum lexer_state {
    LEXER_SEPARATOR,
    LEXER_ATOM,
    LEXER_QUOTED,
    LEXER_ESCAPED,
    LEXER_CLOSED, /* right after a closing quote */
    LEXER_JUNK,
    LEXER_LITERAL,
    LEXER_BEHIND_LITERAL
};

/* All zero is the start, right after the command's name. */
struct lexer {
    enum lexer_state state;
    unsigned count; /* arguments so far, also those not kept; stops at UINT_MAX */
    uint64_t gap;   /* separators since the last argument */
    bool tab;
    bool bad_spacing;           /* before any argument but the first */
    struct probe *probe;        /* whether the literal is one; NULL: nobody asks */
    struct bounded_text scraps; /* words that belong to no argument, and may be parts of a password */
    struct argument arguments[LEXER_ARGUMENTS + 1]; /* the last one stands for all that are not kept */
};

/* Any octet but CR and LF of a line end. */
void lexer_octet(struct lexer *lexer, struct budget *budget, uint8_t octet);
/* As lexer_octet for the octets at the front that mean nothing but themselves inside an atom or a quoted
 * string; returns how many they are, 0 when the next one needs a closer look. */
size_t lexer_plain(struct lexer *lexer, struct budget *budget, const uint8_t *octets, size_t length);
/* The line ends. True: a literal follows (lexer_current has it), and its octets go to lexer_literal. */
bool lexer_line_end(struct lexer *lexer);
/* Octets of the literal. */
void lexer_literal(struct lexer *lexer, struct budget *budget, const uint8_t *octets, size_t length);
/* Octets of the literal that were never captured. */
void lexer_literal_hole(struct lexer *lexer, uint64_t length);
/* All octets of the literal came. */
void lexer_literal_end(struct lexer *lexer);
/* The last argument that was begun; NULL: none. */
struct argument *lexer_current(struct lexer *lexer);
/* Frees the probe: it is known what the octets are. */
void lexer_drop_probe(struct lexer *lexer, struct budget *budget);
/* What came since the announcement that the probe was set at belongs to another command: forgets it. */
void lexer_forget_literal(struct lexer *lexer, struct budget *budget);
/* Wipes and frees what it holds. */
void lexer_free(struct lexer *lexer, struct budget *budget);

#endif
