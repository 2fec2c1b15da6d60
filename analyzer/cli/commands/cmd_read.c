/*
 * imaptap read: finds the logins in capture files and keeps them.
 */
#include "analyzer/cli/capture_options.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/recorder/recorder.h"
#include "analyzer/recorder/recorder_sandbox.h"
#include "analyzer/report/run_summary.h"
#include "analyzer/sandbox/sandbox.h"
#include "db/memory.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    struct capture_options capture; /* the first member: options_parse */
    const char *follow;             /* the folder; NULL: captures that are there */
    const char *name;               /* of what standard input brings; NULL: "-" */
    uint64_t expected_octets;       /* of standard input; 0: not known */
    char sha256[DIGEST_TEXT];       /* of standard input; "": not known */
    struct rights_user nobody;
    struct pipeline_options pipeline;
};

static bool take_sha256(const struct option_spec *option, void *at, const char *value)
{
    char *sha256 = at;

    (void)option;
    if (strlen(value) != DIGEST_TEXT - 1)
        return false;
    for (size_t i = 0; i < DIGEST_TEXT; i++)
        sha256[i] = (char)tolower((unsigned char)value[i]);
    return digest_is_text(sha256);
}

static const struct option_spec options[] = {
    {"follow", .argument = "DIR",
     .help = "read the captures in DIR as tcpdump (-G, -C, -W; add -U) or dumpcap (-b) writes them, as one "
             "stream, until SIGINT or SIGTERM; a login is in the database about a second after its verdict "
             "is in the file",
     .take = option_text, .at = offsetof(struct settings, follow)},
    {"no-detect",
     .help = "only look at the ports of --port; otherwise a connection to another port is followed when it "
             "speaks IMAP",
     .take = option_clear, .at = offsetof(struct settings, pipeline.detect)},
    {"no-hash", .help = "do not take the SHA-256 of the captures", .take = option_clear,
     .at = offsetof(struct settings, pipeline.hash)},
    {"name", .argument = "NAME", .help = "what standard input brings is called so in the database, not \"-\"",
     .take = option_text, .at = offsetof(struct settings, name)},
    {"expect-size", .argument = "N",
     .help = "standard input is N octets: a shorter or longer one is kept as failed, and replaced when it is "
             "read again and whole",
     .take = option_number, .least = 1, .most = INT64_MAX, .at = offsetof(struct settings, expected_octets)},
    {"sha256", .argument = "HEX", .help = "the SHA-256 of standard input: another one is kept as failed",
     .takes = "64 hexadecimal digits", .take = take_sha256, .at = offsetof(struct settings, sha256)},
    CAPTURE_OPTIONS};

static bool report_failures(const struct inputs *inputs, const struct recorder_result *result)
{
    bool failed = inputs->failed > 0 || inputs->foreign > 0 || inputs->grown > 0 || result->store_failed ||
                  result->stopped;

    for (size_t i = 0; i < inputs->count; i++)
        if (result->outcomes[i].state >= OUTCOME_BROKEN) {
            fprintf(stderr, "imaptap: %s: %s\n", inputs->items[i].name,
                    result->outcomes[i].error == NULL ? "out of memory" : result->outcomes[i].error);
            failed = true;
        }
    if (result->store_failed)
        fprintf(stderr, "imaptap: %s\n", result->why);
    return failed;
}

/* A database that was written live becomes one file again. */
static int leave_one_file(const char *path, char *why, size_t why_size)
{
    struct store *store;
    int status = store_open(&store, path, false, OPEN_STORE_BUSY_MS, why, why_size);

    return status == STORE_OK ? store_close(store, why, why_size) : status;
}

/* Says in the database how the run ended, also when what it found could not be kept. */
static int end_run(struct store *store, const struct recorder_result *result)
{
    if (result->store_failed)
        store_rollback(store);
    return store_run_end(store, run_facts_now(), result->stopped || result->store_failed);
}

/* One that is not there yet, in a folder that is. */
static bool is_new(const char *database)
{
    struct stat about;
    char *name = strdup(database);
    bool new =
        name != NULL &&lstat(database, &about) != 0 && errno == ENOENT &&stat(dirname(name), &about) == 0;

    free(name);
    return new;
}

/* The recorder's sandbox: `status` is that of one of them. */
static bool is_held(int status)
{
    if (status != 0)
        fprintf(stderr, "imaptap: the recorder cannot give up its rights: %s\n", strerror(errno));
    return status == 0;
}

/* A database that was made for what is no capture goes again, while it is locked. */
static bool remove_new(struct store *store, const char *database)
{
    char why[64];

    if (!store_is_empty(store))
        return false;
    (void)unlink(database);
    (void)store_close(store, why, sizeof why);
    return true;
}

/* Closes the store. `reading`: NULL with a folder that is followed. `made`: the database was not there
 * before. */
static int read_into(struct store *store, struct analyzer_run *reading, struct inputs *inputs,
                     const struct settings *settings, struct recorder_result *result, bool made)
{
    bool show = !settings->capture.common.quiet && isatty(STDERR_FILENO);
    char where[400], why[1024];
    struct run_summary_facts facts = {.database = settings->capture.common.database,
                                      .inputs = inputs,
                                      .result = result,
                                      .missed = &result->missed,
                                      .ports = where};
    int64_t broken = 0;
    bool failed;
    int status;

    if (reading != NULL)
        status = recorder_read(reading, store, show);
    else
        status = recorder_follow(store, settings->follow, inputs, &settings->pipeline, show, stderr, result);
    if (status != 0) {
        fprintf(stderr, "imaptap: no analyzer process can be started: %s\n", strerror(errno));
        result->stopped = true;
        (void)end_run(store, result);
        store_close(store, why, sizeof why);
        return EXIT_UNREAD;
    }
    (void)snprintf(where, sizeof where, "on port %s%s", settings->capture.ports.text,
                   settings->pipeline.detect ? " or any other" : "");
    failed = report_failures(inputs, result);
    status = end_run(store, result);
    (void)snprintf(why, sizeof why, "%s", store_error(store));
    if (made && status == STORE_OK && recorder_found_nothing(result) &&
        remove_new(store, settings->capture.common.database))
        return EXIT_UNREAD;
    if (store_close(store, why, sizeof why) != STORE_OK)
        status = STORE_FAILED;
    if (status == STORE_OK && settings->follow != NULL)
        status = leave_one_file(settings->capture.common.database, why, sizeof why);
    if (status != STORE_OK && !result->store_failed) {
        fprintf(stderr, "imaptap: %s\n", why);
        failed = true;
    }
    (void)malloc_trim(0); /* what kept the rows is not needed to count them */
    if (run_summary_write(&facts, stdout, &broken, why, sizeof why) != 0) {
        fprintf(stderr, "imaptap: %s\n", why);
        failed = true;
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "imaptap: the summary cannot be written: %s\n", strerror(errno));
        failed = true;
    }
    if (reading != NULL && status == STORE_OK && recorder_has_to_hash(reading) &&
        recorder_hash(reading, settings->capture.common.database, show, why, sizeof why) != 0) {
        fprintf(stderr, "imaptap: %s\n", why);
        failed = true;
    }
    if (failed)
        return EXIT_UNREAD;
    return settings->capture.exit_code && broken > 0 ? EXIT_VIOLATIONS : EXIT_DONE;
}

/* A new database takes a while to be made, and an analyzer need not wait for it. */
static int read_captures(struct inputs *inputs, const struct settings *settings)
{
    const char *database = settings->capture.common.database;
    struct recorder_result result = {0};
    struct analyzer_run *reading = NULL;
    struct store *store = NULL;
    int status = EXIT_UNREAD;
    char ignored[64];
    bool made, early;

    if (settings->follow == NULL) {
        reading = recorder_new(inputs, &settings->pipeline, &result);
        if (reading == NULL) {
            fputs("imaptap: out of memory\n", stderr);
            return EXIT_UNREAD;
        }
    }
    made = is_new(database);
    early = reading != NULL && !inputs_have_pipe(inputs) && made;
    if (early) {
        if (!is_held(recorder_sandbox_enter_files(database, NULL, NULL, false)))
            goto cleanup;
        recorder_start(reading);
    }
    store = open_store(database, settings->follow != NULL);
    if (store == NULL)
        goto cleanup;
    store_run_begin(store, &settings->capture.run.facts);
    if (settings->follow == NULL)
        (void)store_exclusive(store); /* otherwise it is only slower */
    if (is_held(early ? sandbox_enter_recorder_calls(false)
                      : recorder_sandbox_enter(database, settings->follow, NULL, false)))
        status = read_into(store, reading, inputs, settings, &result, made);
    else
        store_close(store, ignored, sizeof ignored);
cleanup:
    recorder_free(reading);
    recorder_result_free(&result);
    return status;
}

/* What says something of standard input is of no use without it. */
static int check_standard_input(const struct settings *settings)
{
    const struct common_options *common = &settings->capture.common;
    bool said = settings->name != NULL || settings->expected_octets > 0 || settings->sha256[0] != '\0';
    bool read = false;

    for (int i = 0; i < common->operand_count; i++)
        read = read || strcmp(common->operands[i], "-") == 0;
    if (said && !read)
        return usage_error(&command_read,
                           "--name, --expect-size and --sha256 are of standard input: name it (-)");
    if (settings->sha256[0] != '\0' && !settings->pipeline.hash)
        return usage_error(&command_read, "--sha256 needs the SHA-256 that --no-hash leaves out");
    return -1;
}

/* Returns -1 to go on, else an exit status. */
static int check_operands(const struct settings *settings)
{
    if (settings->follow != NULL && settings->capture.common.operand_count > 0)
        return usage_error(&command_read, "--follow takes one folder and nothing else");
    if (settings->follow == NULL && settings->capture.common.operand_count == 0)
        return usage_error(&command_read, "name a capture file, a folder, or - for standard input");
    return check_standard_input(settings);
}

static int run(int argc, char **argv)
{
    struct settings settings = {.pipeline = {.detect = true, .hash = true}};
    const struct common_options *common = &settings.capture.common;
    struct inputs inputs = {0};
    int status = capture_options_parse(&command_read, argc, argv, &settings.capture);

    if (status == -1)
        status = check_operands(&settings);
    if (status == -1)
        status = capture_options_settle(&settings.capture, &settings.pipeline);
    if (status != -1)
        return status;
    /* the files are open when an analyzer starts: it needs no user's rights */
    if (geteuid() == 0 && rights_find_user("nobody", &settings.nobody) == 0)
        settings.pipeline.user = &settings.nobody;
    inputs.standard_name = settings.name;
    inputs.expected.octets = (int64_t)settings.expected_octets;
    inputs.expected.sha256 = settings.sha256[0] == '\0' ? NULL : settings.sha256;
    for (int i = 0; i < common->operand_count && status == -1; i++)
        if (inputs_add(&inputs, common->operands[i], stderr) != 0) {
            fputs("imaptap: out of memory\n", stderr);
            status = EXIT_UNREAD;
        }
    if (status == -1)
        status =
            inputs.count == 0 && settings.follow == NULL ? EXIT_UNREAD : read_captures(&inputs, &settings);
    inputs_free(&inputs);
    return status;
}

const struct command command_read = {
    .name = "read",
    .title = "find the IMAP logins in capture files and keep them in a database",
    .usage = "[OPTIONS] FILE|DIR|-...\n[OPTIONS] --follow DIR",
    .about = "Finds the IMAP logins in captures (pcap, pcapng; - is standard input), judges each against the "
             "IMAP grammar and keeps the findings in a database. Several captures, or all captures below a "
             "folder, are read as one stream of traffic in the order of time. A capture that is in the "
             "database already is not read again, whatever its name. Patterns such as *.pcap are the "
             "shell's; where there is none, name the folder.\n",
    OPTIONS(options),
    .database = "the database; made when it is not there",
    .quiet = "no progress",
    .notes = "Exit status: 0 done; 1 violations found, with --exit-code; 2 wrong usage; 3 some input could "
             "not be read, or findings not be kept: what could be was.\n",
    .example = "  imaptap read -d case7.db /evidence/*.pcap\n  imaptap query -d case7.db senders\n",
    .prepare = memory_exclusive,
    .run = run};
