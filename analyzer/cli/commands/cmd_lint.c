/*
 * imaptap lint: judges the command lines that a client sends, for the test suites of clients and proxies.
 */
#include "analyzer/cli/options.h"
#include "analyzer/lint/print/print.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest input that is read; it is kept whole while it is judged. */
#define MOST_OCTETS (64UL * 1024 * 1024)

struct settings {
    struct common_options common; /* the first member: options_parse */
    unsigned format;
    const struct printer *printer;
    struct print print;
    bool stream;
    struct lint_result result;
    bool unread;
};

static const struct option_spec options[] = {
    {"stream",
     .help =
         "the input is all that a client sent, octet by octet: line ends and literals are judged as they are",
     .take = option_set, .at = offsetof(struct settings, stream)},
    {"format", .argument = "FORMAT", .help = "text, json or sarif (2.1.0)", .initial = "text",
     .take = option_word, .at = offsetof(struct settings, format), .words = "text, json or sarif"},
    {"servers", .help = "name the servers that are known to accept or refuse each fault", .take = option_set,
     .at = offsetof(struct settings, print.servers)}};

static void complain(struct settings *settings, const char *file, const char *why)
{
    fprintf(stderr, "imaptap lint: %s: %s\n", file, why);
    settings->unread = true;
}

/* The input in memory of its own; what it outgrows is wiped. */
struct content {
    uint8_t *octets;
    size_t length, room;
};

static void discard(struct content *content)
{
    if (content->octets != NULL)
        explicit_bzero(content->octets, content->room);
    free(content->octets);
}

static bool make_room(struct content *content)
{
    struct content larger = {.length = content->length,
                             .room = content->room > 0 ? 2 * content->room : 65536};

    if (content->length < content->room)
        return true;
    larger.octets = malloc(larger.room);
    if (larger.octets == NULL)
        return false;
    if (content->length > 0)
        memcpy(larger.octets, content->octets, content->length);
    discard(content);
    *content = larger;
    return true;
}

/* Returns NULL, or why the input cannot be read. */
static const char *read_all(int file, struct content *content)
{
    for (;;) {
        ssize_t got;

        if (!make_room(content))
            return "out of memory";
        got = read(file, content->octets + content->length, content->room - content->length);
        if (got == 0)
            return NULL;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strerror(errno);
        content->length += (size_t)got;
        if (content->length > MOST_OCTETS)
            return "is longer than 64 MiB; split it";
    }
}

static void on_finding(void *user, const struct lint_finding *finding)
{
    struct settings *settings = user;

    settings->printer->finding(&settings->print, finding);
    settings->print.printed++;
}

/* Whether it begins as a capture does: pcap in either order and unit, or pcapng. */
static bool is_capture(const struct content *content)
{
    static const uint8_t magics[][4] = {{0xa1, 0xb2, 0xc3, 0xd4},
                                        {0xd4, 0xc3, 0xb2, 0xa1},
                                        {0xa1, 0xb2, 0x3c, 0x4d},
                                        {0x4d, 0x3c, 0xb2, 0xa1},
                                        {0x0a, 0x0d, 0x0d, 0x0a}};

    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (content->length >= sizeof magics[i] && memcmp(content->octets, magics[i], sizeof magics[i]) == 0)
            return true;
    return false;
}

static void judge(struct settings *settings, const char *name, const struct content *content)
{
    struct lint_input input = {.name = name, .octets = content->octets, .length = content->length};
    struct lint_result result = {0};

    lint_run(&input, settings->stream, on_finding, settings, &result);
    settings->result.logins += result.logins;
    settings->result.violations += result.violations;
    settings->result.hints += result.hints;
    if (result.failed)
        complain(settings, name, "out of memory; not all was judged");
    if (result.cut)
        complain(settings, name, "the input ends inside a command");
    if (result.encrypted)
        complain(settings, name, "TLS begins in the stream; what follows could not be judged");
    if (result.not_imap)
        complain(settings, name, "is no stream of IMAP commands");
}

static void lint_file(struct settings *settings, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct content content = {0};
    const char *why = file < 0 ? strerror(errno) : read_all(file, &content);

    if (why == NULL && is_capture(&content))
        why = "is a capture: imaptap read judges the logins in it";
    if (why != NULL)
        complain(settings, path, why);
    else
        judge(settings, standard ? "stdin" : path, &content);
    discard(&content);
    if (file >= 0 && !standard)
        (void)close(file);
}

static int run(int argc, char **argv)
{
    static const struct printer *const printers[] = {&printer_text, &printer_json, &printer_sarif};
    struct settings settings = {.print = {.out = stdout}};
    const struct common_options *common = &settings.common;
    int status = options_parse(&command_lint, argc, argv, &settings);

    if (status != -1)
        return status;
    settings.printer = printers[settings.format];
    sandbox_forbid_core_files();
    settings.printer->begin(&settings.print);
    if (common->operand_count == 0)
        lint_file(&settings, "-");
    for (int i = 0; i < common->operand_count; i++)
        lint_file(&settings, common->operands[i]);
    /* not seen is not clean */
    if (settings.result.logins == 0 && !settings.unread)
        complain(&settings, "the input", "no LOGIN or AUTHENTICATE command was found: nothing was judged");
    settings.printer->end(&settings.print, &settings.result, settings.unread);
    if (settings.print.failed || fflush(stdout) != 0 || ferror(stdout)) {
        fputs("imaptap lint: the output cannot be written\n", stderr);
        return EXIT_UNREAD;
    }
    if (settings.unread)
        return EXIT_UNREAD;
    return settings.result.violations > 0 ? EXIT_VIOLATIONS : EXIT_DONE;
}

const struct command command_lint = {
    .name = "lint",
    .title = "judge the command lines that a client sends",
    .usage = "[OPTIONS] [FILE...]",
    .about = "Judges the LOGIN and AUTHENTICATE commands in the files (standard input without one, or as -): "
             "each line is a command as the client sends it, and the octets of its literals follow it. "
             "Prints each fault with its place, the RFC, the remedy and the corrected line. Passwords are "
             "never shown. Only what the client's octets alone can prove is judged: not what a server had "
             "announced, and not that a password crossed the network.\n",
    OPTIONS(options),
    .notes = "Exit status: 0 no violation (hints are none); 1 violations found; 2 wrong usage; 3 some input "
             "could not be read or judged to its end, or no login was in it.\n",
    .example = "  printf 'a1 LOGIN ali*ce secret\\n' | imaptap lint --servers\n",
    .run = run};
