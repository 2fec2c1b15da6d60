/*
 * Makes template_index.h and phrase_index.h at build time: templates and phrases by their first word, so that
 * only those that can match are tried. Refuses what replies.c could not handle, and two lines for one text.
 */
#include "dissector/replies/replies.h"
#include "dissector/replies/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *saying;
    const char *code;
    const char *text;
} templates[] = {
#define REPLY(saying, cause, certainty, code, text, products) {#saying, code, text},
#include "dissector/replies/templates.def"
#undef REPLY
};
#define TEMPLATES (sizeof templates / sizeof templates[0])

static const struct {
    const char *kind;
    const char *words;
} phrases[] = {
#define WORDS(kind, words) {#kind, words},
#include "dissector/replies/vocabulary.def"
#undef WORDS
};
#define PHRASES (sizeof phrases / sizeof phrases[0])

static void refuse(const char *text, const char *why)
{
    fprintf(stderr, "\"%s\": %s\n", text, why);
    exit(1);
}

static void fold(uint8_t to[REPLY_TEXT_OCTETS], const char *text)
{
    if (strlen(text) == 0 || strlen(text) >= REPLY_TEXT_OCTETS)
        refuse(text, "empty, or too long");
    command_line_fold(to, text, strlen(text) + 1);
}

/* Literals are not empty between two places; braces are in pairs; the end is as it is compared. */
static void check_template(const char *text)
{
    size_t places = 0;
    for (const char *at = strchr(text, '{'); at; at = strchr(at, '{')) {
        const char *end = strchr(at, '}');
        if (!end || end == at + 1)
            refuse(text, "a place without its end, or without a name");
        if (end[1] == '{')
            refuse(text, "nothing stands between two places");
        at = end;
        places++;
    }
    if (strcmp(text, "{text}") == 0 || text[0] == ' ' || strchr(" .!", text[strlen(text) - 1]))
        refuse(text, "only a place, or a space or full stop at an end");
    if (places * 2 + 2 > REPLY_SPANS)
        refuse(text, "too many places");
}

static void check_twice(size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (strcasecmp(templates[i].text, templates[number].text) == 0 &&
            strcmp(templates[i].code, templates[number].code) == 0 &&
            strcmp(templates[i].saying, templates[number].saying) == 0)
            refuse(templates[i].text, "is there twice");
}

/* WORDS_PLACES where the first word says nothing: it ends in a place, or there is none. */
static unsigned template_place(const uint8_t *text, size_t length)
{
    size_t skip;
    size_t word = command_line_length(text, length, &skip);
    return word == 0 || text[word] == '{' ? WORDS_PLACES : command_line_place(text, word);
}

static void print_string(const uint8_t *text)
{
    printf("    \"");
    for (; *text; text++)
        printf(*text == '"' || *text == '\\' || *text < 32 || *text > 126 ? "\\%03o" : "%c", *text);
    printf("\",\n");
}

/* Numbers of things by their places, which are 0 to `last`. */
static void print_index(const char *name, const unsigned *places, size_t count, unsigned last)
{
    printf("static const uint16_t %s_order[] = {", name);
    unsigned start[WORDS_PLACES + 2] = {0};
    for (unsigned place = 0; place <= last; place++) {
        start[place + 1] = start[place];
        for (size_t i = 0; i < count; i++)
            if (places[i] == place)
                printf("%s%zu,", start[place + 1]++ % 16 ? " " : "\n    ", i);
    }
    printf("\n};\nstatic const uint16_t %s_start[] = {", name);
    for (unsigned place = 0; place <= last + 1; place++)
        printf("%s%u,", place % 16 ? " " : "\n    ", start[place]);
    printf("\n};\n");
}

static void print_templates(void)
{
    static unsigned places[TEMPLATES];
    printf("static const char *const template_text[] = {\n");
    for (size_t i = 0; i < TEMPLATES; i++) {
        uint8_t text[REPLY_TEXT_OCTETS];
        check_template(templates[i].text);
        check_twice(i);
        fold(text, templates[i].text);
        places[i] = template_place(text, strlen(templates[i].text));
        print_string(text);
    }
    printf("};\n");
    print_index("template", places, TEMPLATES, WORDS_PLACES);
}

static void print_phrases(void)
{
    static unsigned places[PHRASES];
    for (size_t i = 0; i < PHRASES; i++) {
        uint8_t text[REPLY_TEXT_OCTETS];
        fold(text, phrases[i].words);
        if (strcmp((const char *)text, phrases[i].words) != 0)
            refuse(phrases[i].words, "has capitals");
        for (size_t other = 0; other < i; other++)
            if (strcmp(phrases[other].words, phrases[i].words) == 0 &&
                strcmp(phrases[other].kind, phrases[i].kind) == 0)
                refuse(phrases[i].words, "is there twice");
        const char *star = strchr(phrases[i].words, '*');
        if (star && strchr(star + 1, '*'))
            refuse(phrases[i].words, "has two *");
        size_t skip;
        size_t word = command_line_length(text, strlen(phrases[i].words), &skip);
        if (word == 0)
            refuse(phrases[i].words, "does not begin with a word");
        places[i] = command_line_place(text, word);
    }
    print_index("phrase", places, PHRASES, WORDS_PLACES - 1);
}

static char found[8192][WORDS_LONGEST + 1];
static size_t found_count;

static void take_word(const uint8_t *word, size_t length)
{
    if (strspn((const char *)word, "0123456789") >= length ||
        memcmp(word, WORDS_WITHHELD, WORDS_WITHHELD_OCTETS) == 0)
        return;
    if (length > WORDS_LONGEST || found_count == sizeof found / sizeof found[0])
        refuse((const char *)word, "a word too long, or a word too many");
    memcpy(found[found_count], word, length);
    found[found_count++][length] = '\0';
}

/* The words of a text, but not the names of its places. */
static void take_words(const char *text)
{
    uint8_t folded[REPLY_TEXT_OCTETS];
    fold(folded, text);
    size_t end = strlen(text);
    for (size_t at = 0; at < end;) {
        size_t skip;
        size_t length = command_line_length(folded + at, end - at, &skip);
        if (folded[at] == '{')
            skip = strcspn(text + at, "}"); /* no word begins at a brace */
        if (length > 0)
            take_word(folded + at, length);
        at += length > 0 ? length : skip;
    }
}

static int compare_words(const void *one, const void *other)
{
    return strcmp(one, other);
}

static void print_words(void)
{
    for (size_t i = 0; i < TEMPLATES; i++)
        take_words(templates[i].text);
    for (size_t i = 0; i < PHRASES; i++)
        take_words(phrases[i].words);
    qsort(found, found_count, sizeof found[0], compare_words);
    printf("static const char *const word_text[] = {\n");
    for (size_t i = 0; i < found_count; i++)
        if (i == 0 || strcmp(found[i], found[i - 1]) != 0)
            print_string((const uint8_t *)found[i]);
    printf("};\n");
}

int main(int count, char **arguments)
{
    if (count != 3 || !freopen(arguments[2], "w", stdout)) {
        fprintf(stderr, "usage: make_index templates|phrases|words FILE\n");
        return 1;
    }
    printf("#include <stdint.h>\n");
    if (strcmp(arguments[1], "templates") == 0)
        print_templates();
    else if (strcmp(arguments[1], "phrases") == 0)
        print_phrases();
    else
        print_words();
    return fclose(stdout) == 0 ? 0 : 1;
}
