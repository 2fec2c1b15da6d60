/*
 * imaptap read: finds the logins in capture files and keeps them.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/port_list.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/recorder/recorder.h"
#include "analyzer/recorder/recorder_sandbox.h"
#include "analyzer/recorder/run_facts.h"
#include "analyzer/report/run_summary.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    const char *database;
    const char *follow; /* the folder; NULL: captures that are there */
    bool quiet, exit_code;
    struct port_list ports;
    struct user_mask mask;
    bool mask_users, require_sandbox;
    struct rights_user nobody;
    struct pipeline_options pipeline;
};

static void print_help(void)
{
    fputs("Usage: imaptap read [OPTIONS] FILE|DIR|-...\n"
          "       imaptap read [OPTIONS] --follow DIR\n\n"
          "Finds the IMAP logins in captures (pcap, pcapng; - is standard input), judges each against\n"
          "the IMAP grammar and keeps the findings in a database. Several captures, or all captures\n"
          "below a folder, are read as one stream of traffic in the order of time. A capture that is\n"
          "in the database already is not read again, whatever its name. Patterns such as *.pcap are the\n"
          "shell's; where there is none, name the folder.\n\n"
          "  -d, --db FILE      the database (default " DEFAULT_DATABASE "); made when it is not there\n"
          "  -p, --port LIST    ports of IMAP servers, with commas (default 143,993); on other ports a\n"
          "                     connection is followed when it speaks IMAP\n"
          "  --follow DIR       read the captures in DIR as tcpdump (-G, -C, -W; add -U) or dumpcap (-b)\n"
          "                     writes them, as one stream, until SIGINT or SIGTERM; a login is in the\n"
          "                     database about a second after its verdict is in the file\n"
          "  --no-detect        only look at the ports of the list\n"
          "  -q                 no progress\n"
          "  --exit-code        exit with status 1 when a login breaks the grammar\n"
          "  --mask-users       replace the names of users and of NTLM's workstations by a keyed hash (the\n"
          "                     key lasts for this run)\n"
          "  --verify-checksums drop TCP segments and IPv4 headers with a wrong checksum; off, because in\n"
          "                     captures of a host that leaves them to its network card they are wrong\n"
          "  --no-hash          do not take the SHA-256 of the captures\n"
          "  --password-shape   also keep lengths, positions and counts of passwords; never octets\n"
          "  --require-sandbox  read nothing when this kernel lacks seccomp or Landlock, which hold what\n"
          "                     parses the captures (imaptap --version tells what it has)\n"
          "  --help             this text\n\n"
          "Exit status: 0 done; 1 violations found, with --exit-code; 2 wrong usage; 3 some input could\n"
          "not be read, or findings not be kept: what could be was.\n\n"
          "Example:\n"
          "  imaptap read -d case7.db /evidence/*.pcap && imaptap query -d case7.db senders\n",
          stdout);
}

/* Returns -1 to go on, else an exit status. */
static int parse(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"db", required_argument, NULL, 'd'},        {"port", required_argument, NULL, 'p'},
        {"no-detect", no_argument, NULL, 'n'},       {"exit-code", no_argument, NULL, 'e'},
        {"follow", required_argument, NULL, 'f'},    {"verify-checksums", no_argument, NULL, 'c'},
        {"mask-users", no_argument, NULL, 'm'},      {"password-shape", no_argument, NULL, 's'},
        {"no-hash", no_argument, NULL, 'H'},         {"help", no_argument, NULL, 'h'},
        {"require-sandbox", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "d:p:qh", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            settings->database = optarg;
            break;
        case 'p':
            if (port_list_parse(&settings->ports, optarg) == 0)
                break;
            fprintf(stderr, "imaptap read: --port takes port numbers with commas between, not '%s'\n",
                    optarg);
            return EXIT_USAGE;
        case 'f':
            settings->follow = optarg;
            break;
        case 'c':
            settings->pipeline.verify_checksums = true;
            break;
        case 'q':
            settings->quiet = true;
            break;
        case 'n':
            settings->pipeline.detect = false;
            break;
        case 'e':
            settings->exit_code = true;
            break;
        case 'H':
            settings->pipeline.hash = false;
            break;
        case 'm':
            settings->mask_users = true;
            break;
        case 's':
            settings->pipeline.password_shape = true;
            break;
        case 'r':
            settings->require_sandbox = true;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    if (settings->follow != NULL && optind < argc) {
        fputs("imaptap read: --follow takes one folder and nothing else\n", stderr);
        return EXIT_USAGE;
    }
    if (settings->follow == NULL && optind == argc) {
        fputs(
            "imaptap read: name a capture file, a folder, or - for standard input; see imaptap read --help\n",
            stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static bool tell_failures(const struct inputs *inputs, const struct recorder_result *result)
{
    bool failed = inputs->failed > 0 || inputs->grown > 0 || result->store_failed || result->stopped;

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

/* Closes the store. `reading`: NULL with a folder that is followed. */
static int read_into(struct store *store, struct analyzer_run *reading, struct inputs *inputs,
                     const struct settings *settings, struct recorder_result *result)
{
    bool show = !settings->quiet && isatty(STDERR_FILENO);
    char where[400], why[1024];
    struct run_summary_facts facts = {.database = settings->database,
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
    (void)snprintf(where, sizeof where, "on port %s%s", settings->ports.text,
                   settings->pipeline.detect ? " or any other" : "");
    failed = tell_failures(inputs, result);
    status = end_run(store, result);
    (void)snprintf(why, sizeof why, "%s", store_error(store));
    if (store_close(store, why, sizeof why) != STORE_OK)
        status = STORE_FAILED;
    if (status == STORE_OK && settings->follow != NULL)
        status = leave_one_file(settings->database, why, sizeof why);
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
    if (failed)
        return EXIT_UNREAD;
    return settings->exit_code && broken > 0 ? EXIT_VIOLATIONS : EXIT_DONE;
}

/* A new database takes a while to be made, and an analyzer need not wait for it. */
static int read_captures(struct inputs *inputs, const struct settings *settings,
                         const struct store_run_facts *run)
{
    const char *database = settings->database;
    struct recorder_result result = {0};
    struct analyzer_run *reading = NULL;
    struct store *store = NULL;
    int status = EXIT_UNREAD;
    char ignored[64];
    bool early;

    if (settings->follow == NULL) {
        reading = recorder_new(inputs, &settings->pipeline, &result);
        if (reading == NULL) {
            fputs("imaptap: out of memory\n", stderr);
            return EXIT_UNREAD;
        }
    }
    early = reading != NULL && !inputs_have_pipe(inputs) && is_new(database);
    if (early) {
        if (!is_held(recorder_sandbox_enter_files(database, NULL, NULL, false)))
            goto cleanup;
        recorder_start(reading);
    }
    store = open_store(database, settings->follow != NULL);
    if (store == NULL)
        goto cleanup;
    store_run_begin(store, run);
    if (settings->follow == NULL)
        (void)store_exclusive(store); /* otherwise it is only slower */
    if (is_held(early ? sandbox_enter_recorder_calls(false)
                      : recorder_sandbox_enter(database, settings->follow, NULL, false)))
        status = read_into(store, reading, inputs, settings, &result);
    else
        store_close(store, ignored, sizeof ignored);
cleanup:
    recorder_free(reading);
    recorder_result_free(&result);
    return status;
}

int cmd_read(int argc, char **argv)
{
    struct settings settings = {.database = DEFAULT_DATABASE, .ports = PORT_LIST_DEFAULT};
    struct inputs inputs = {0};
    struct run_facts run;
    int status;

    /* before the options are parsed, which puts them in front */
    if (run_facts_collect(&run, argc, argv, NULL) != 0) {
        fprintf(stderr, "imaptap: no random number can be had for the run: %s\n", strerror(errno));
        return EXIT_UNREAD;
    }
    settings.pipeline.detect = true;
    settings.pipeline.hash = true;
    status = parse(argc, argv, &settings);
    if (status != -1)
        return status;
    settings.pipeline.ports = settings.ports.ports;
    settings.pipeline.port_count = settings.ports.count;
    sandbox_forbid_core_files();
    if (!sandbox_suffice(settings.require_sandbox, stderr))
        return EXIT_UNREAD;
    /* the files are open when an analyzer starts: it needs no user's rights */
    if (geteuid() == 0 && rights_find_user("nobody", &settings.nobody) == 0)
        settings.pipeline.user = &settings.nobody;
    if (settings.mask_users) {
        if (user_mask_new_key(&settings.mask) != 0) {
            fputs("imaptap: no random key can be had to mask user names\n", stderr);
            return EXIT_UNREAD;
        }
        settings.pipeline.mask = &settings.mask;
    }
    for (int i = optind; i < argc; i++)
        if (inputs_add(&inputs, argv[i], stderr) != 0) {
            fputs("imaptap: out of memory\n", stderr);
            inputs_free(&inputs);
            return EXIT_UNREAD;
        }
    if (inputs.count == 0 && settings.follow == NULL) {
        inputs_free(&inputs);
        return EXIT_UNREAD;
    }
    status = read_captures(&inputs, &settings, &run.facts);
    inputs_free(&inputs);
    return status;
}
