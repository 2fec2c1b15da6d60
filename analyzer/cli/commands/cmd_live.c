/*
 * imaptap live: finds the logins on network interfaces as the packets come, and keeps them.
 */
#include "analyzer/cli/command.h"
#include "analyzer/cli/moment.h"
#include "analyzer/cli/port_list.h"
#include "analyzer/live/live.h"
#include "analyzer/live/log.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/recorder/recorder_sandbox.h"
#include "analyzer/recorder/run_facts.h"
#include "analyzer/report/run_summary.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_BUFFER_MIB 64
#define MAX_BUFFER_MIB     1024
#define DEFAULT_FLUSH_MS   500
#define MAX_FLUSH_MS       60000

struct settings {
    const char *database;
    const char *interfaces[EVENT_RING_INTERFACES];
    struct port_list ports;
    struct user_mask mask;
    bool mask_users, quiet, exit_code, require_sandbox;
    struct notify_settings notify;
    bool has_schema;
    const char *user_name; /* as asked for; NULL: not */
    struct rights_user user;
    int flush_ms;
    int64_t keep_ns; /* 0: for ever */
    struct launcher_options launcher;
    struct run_facts run;
};

static void print_help(void)
{
    printf(
        "Usage: imaptap live [OPTIONS] -i IFACE...\n\n"
        "Finds the IMAP logins on network interfaces (a span port, a tap) as the packets come, judges\n"
        "each against the IMAP grammar and keeps the findings in a database, until SIGINT or SIGTERM.\n"
        "A login is in the database within a second of its verdict.\n\n"
        "  -i, --interface IFACE\n"
        "                     the interface, or `any`; several -i are read as one stream of traffic (a\n"
        "                     tap has one for each direction). One that is not there yet, or goes, is\n"
        "                     waited for\n"
        "  -d, --db FILE      the database (default " DEFAULT_DATABASE "); made when it is not there\n"
        "  -p, --port LIST    ports of IMAP servers, with commas (default 143,993)\n"
        "  --detect           also follow what speaks IMAP on other ports: all TCP then comes from the\n"
        "                     kernel\n"
        "  --filter EXPR      what comes from the kernel, as pcap-filter(7) has it, in place of the ports\n"
        "                     with their fragments, VLANs and tunnels\n"
        "  --buffer MIB       memory of an interface's frames that are not read yet (default %d)\n"
        "  --snaplen OCTETS   keep no more of a frame (default %d: all)\n"
        "  --no-promiscuous   only frames for this machine\n"
        "  --workers N        processes that share the load by connection (default 1, at most %d)\n"
        "  --flush MS         between two commits, at most (default %d)\n"
        "  --keep AGE         remove what is older, for good: 90d, 24h, 12w (default: nothing)\n"
        "  -q                 say nothing but warnings and the summary\n"
        "  --exit-code        exit with status 1 when a login breaks the grammar\n"
        "  --mask-users       replace user names by a keyed hash (the key lasts for this run)\n"
        "  --verify-checksums drop TCP segments and IPv4 headers with a wrong checksum\n"
        "  --password-shape   also keep lengths, positions and counts of passwords; never octets\n"
        "  --alert WAY        tell each finding as it is committed: ndjson (a JSON object a line on "
        "standard\n"
        "                     output; the summary then goes to standard error) or syslog\n"
        "  --schema SCHEMA    names in these objects: eve (Suricata's; default) or ecs (Elastic's)\n"
        "  --metrics FILE     keep figures there for node_exporter's textfile collector\n"
        "  --require-sandbox  capture nothing when this kernel lacks seccomp or Landlock\n"
        "  --user NAME        when started by root, become this user (default imaptap if there is one,\n"
        "                     else nobody); without this option the process that keeps the database\n"
        "                     stays root where that user could not write it\n"
        "  --help             this text\n\n"
        "Signals: SIGINT and SIGTERM end it with a summary, SIGHUP opens the database file anew (move\n"
        "the old one away before), SIGUSR1 tells figures on standard error.\n\n"
        "Exit status: 0 ended by a signal; 1 violations found, with --exit-code; 2 wrong usage; 3 it\n"
        "could not capture, or findings not be kept: what could be was.\n\n"
        "Example:\n"
        "  imaptap live -i eth1 -d mail.db & imaptap query -d mail.db findings\n",
        DEFAULT_BUFFER_MIB, LIVE_SNAPLEN_MAX, LAUNCHER_WORKERS, DEFAULT_FLUSH_MS);
}

/* Reads a number from 1 to `most`. Returns 0: it is none. */
static unsigned parse_number(const char *text, unsigned long most)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > most)
        return 0;
    return (unsigned)number;
}

static int say_usage(const char *sentence)
{
    fprintf(stderr, "imaptap live: %s; see imaptap live --help\n", sentence);
    return EXIT_USAGE;
}

static int add_interface(struct settings *settings, const char *name)
{
    struct launcher_options *options = &settings->launcher;

    if (options->interface_count == EVENT_RING_INTERFACES)
        return say_usage("too many interfaces");
    if (name[0] == '\0' || strlen(name) >= IFNAMSIZ || strchr(name, '/') != NULL)
        return say_usage("-i takes the name of an interface");
    for (size_t i = 0; i < options->interface_count; i++)
        if (strcmp(settings->interfaces[i], name) == 0)
            return say_usage("an interface is named twice");
    settings->interfaces[options->interface_count++] = name;
    return -1;
}

/* The options that take a number. Returns -1 to go on, else an exit status. */
static int parse_amount(int option, const char *text, struct settings *settings)
{
    unsigned number;

    switch (option) {
    case 'b':
        number = parse_number(text, MAX_BUFFER_MIB);
        settings->launcher.live.buffer_octets = number << 20;
        return number > 0 ? -1 : say_usage("--buffer takes MiB, from 1 to 1024");
    case 'l':
        number = parse_number(text, LIVE_SNAPLEN_MAX);
        settings->launcher.live.snaplen = number;
        return number > 0 ? -1 : say_usage("--snaplen takes octets, from 1 to 262144");
    case 'w':
        number = parse_number(text, LAUNCHER_WORKERS);
        settings->launcher.workers = number;
        return number > 0 ? -1 : say_usage("--workers takes a number from 1 to 32");
    default:
        number = parse_number(text, MAX_FLUSH_MS);
        settings->flush_ms = (int)number;
        return number > 0 ? -1 : say_usage("--flush takes milliseconds, from 1 to 60000");
    }
}

/* The options of alerts. Returns -1 to go on, else an exit status. */
static int parse_alert(int option, const char *value, struct settings *settings)
{
    if (option == 'S') {
        settings->has_schema = true;
        return finding_schema_parse(value, &settings->notify.schema) ? -1
                                                                     : say_usage("--schema is eve or ecs");
    }
    if (strcmp(value, "ndjson") == 0)
        settings->notify.alerts = ALERTS_NDJSON;
    else if (strcmp(value, "syslog") == 0)
        settings->notify.alerts = ALERTS_SYSLOG;
    else
        return say_usage("--alert is ndjson or syslog");
    return -1;
}

/* Returns -1 to go on, else an exit status. */
static int parse_option(int option, const char *value, struct settings *settings)
{
    struct launcher_options *options = &settings->launcher;
    char why[512];

    switch (option) {
    case 'i':
        return add_interface(settings, value);
    case 'd':
        settings->database = value;
        break;
    case 'p':
        if (port_list_parse(&settings->ports, value) == 0)
            break;
        fprintf(stderr, "imaptap live: --port takes port numbers with commas between, not '%s'\n", value);
        return EXIT_USAGE;
    case 'D':
        options->pipeline.detect = options->live.filter.every_tcp = true;
        break;
    case 'f':
        options->live.filter.expression = value;
        if (live_filter_check(value, why, sizeof why) == 0)
            break;
        fprintf(stderr, "imaptap live: --filter: %s\n", why);
        return EXIT_USAGE;
    case 'P':
        options->live.promiscuous = false;
        break;
    case 'q':
        settings->quiet = true;
        break;
    case 'e':
        settings->exit_code = true;
        break;
    case 'm':
        settings->mask_users = true;
        break;
    case 'c':
        options->pipeline.verify_checksums = true;
        break;
    case 's':
        options->pipeline.password_shape = true;
        break;
    case 'r':
        settings->require_sandbox = true;
        break;
    case 'A':
    case 'S':
        return parse_alert(option, value, settings);
    case 'M':
        settings->notify.metrics = value;
        break;
    case 'K':
        if (moment_age(value, &settings->keep_ns) && settings->keep_ns > 0)
            break;
        return say_usage("--keep takes an age as 90d, 24h or 12w");
    case 'U':
        settings->user_name = value;
        break;
    case 'h':
        print_help();
        return EXIT_DONE;
    case '?':
        return EXIT_USAGE;
    default:
        return parse_amount(option, value, settings);
    }
    return -1;
}

static int parse(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {{"interface", required_argument, NULL, 'i'},
                                            {"db", required_argument, NULL, 'd'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"detect", no_argument, NULL, 'D'},
                                            {"filter", required_argument, NULL, 'f'},
                                            {"buffer", required_argument, NULL, 'b'},
                                            {"snaplen", required_argument, NULL, 'l'},
                                            {"no-promiscuous", no_argument, NULL, 'P'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {"flush", required_argument, NULL, 'F'},
                                            {"keep", required_argument, NULL, 'K'},
                                            {"exit-code", no_argument, NULL, 'e'},
                                            {"mask-users", no_argument, NULL, 'm'},
                                            {"verify-checksums", no_argument, NULL, 'c'},
                                            {"password-shape", no_argument, NULL, 's'},
                                            {"require-sandbox", no_argument, NULL, 'r'},
                                            {"alert", required_argument, NULL, 'A'},
                                            {"schema", required_argument, NULL, 'S'},
                                            {"metrics", required_argument, NULL, 'M'},
                                            {"user", required_argument, NULL, 'U'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "i:d:p:qh", options, NULL)) != -1) {
        status = parse_option(option, optarg, settings);
        if (status != -1)
            return status;
    }
    if (optind < argc)
        return say_usage("interfaces are named with -i, and nothing else is");
    if (settings->has_schema && settings->notify.alerts != ALERTS_NDJSON)
        return say_usage("--schema needs --alert ndjson");
    if (settings->launcher.interface_count == 0)
        return say_usage("name an interface with -i (`ip link` lists them)");
    return -1;
}

/* Better said before anything starts than by each analyzer. */
static bool may_capture(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        fprintf(stderr,
                "imaptap: no permission to capture (%s): run as root, or give the program the right to "
                "with `setcap cap_net_raw+ep`\n",
                strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

static int report(const struct settings *settings, const struct live_result *result)
{
    struct run_summary_live live = {settings->interfaces, settings->launcher.interface_count, result};
    char where[400], why[1024];
    struct run_summary_facts facts = {
        .database = settings->database, .live = &live, .missed = &result->missed, .ports = where};
    bool failed = result->failed;
    FILE *out = settings->notify.alerts == ALERTS_NDJSON ? stderr : stdout;
    int64_t broken = 0;

    (void)snprintf(where, sizeof where, "on port %s%s", settings->ports.text,
                   settings->launcher.pipeline.detect ? " or any other" : "");
    if (run_summary_write(&facts, out, &broken, why, sizeof why) != 0) {
        fprintf(stderr, "imaptap: %s\n", why);
        failed = true;
    }
    if (fflush(out) != 0) {
        fprintf(stderr, "imaptap: the summary cannot be written: %s\n", strerror(errno));
        failed = true;
    }
    if (failed)
        return EXIT_UNREAD;
    return settings->exit_code && broken > 0 ? EXIT_VIOLATIONS : EXIT_DONE;
}

/* Whether this user could make and write the database: asked in a process that becomes it. */
static bool user_can_write(const struct rights_user *user, const char *database)
{
    char *copy = strdup(database);
    pid_t child = copy == NULL ? -1 : fork();
    int status = -1;

    if (child == 0) {
        bool can = rights_become(user, NULL, 0) == 0 && access(dirname(copy), W_OK | X_OK) == 0 &&
                   (access(database, F_OK) != 0 || access(database, R_OK | W_OK) == 0);

        _exit(can ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (child > 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    free(copy);
    return status == 0;
}

/* Finds whom the processes become. Returns -1 to go on, else an exit status. */
static int choose_user(struct settings *settings)
{
    if (geteuid() != 0)
        return settings->user_name == NULL ? -1 : say_usage("--user is for root");
    if (rights_find_user(settings->user_name, &settings->user) == 0) {
        settings->launcher.user = &settings->user;
        return -1;
    }
    if (settings->user_name == NULL)
        return -1; /* a system without nobody */
    fprintf(stderr, "imaptap live: there is no user '%s'\n", settings->user_name);
    return EXIT_USAGE;
}

/* The recorder becomes the user, if that was asked for or does no harm. False: it was asked for and cannot
 * be. */
static bool become_user(const struct settings *settings)
{
    const struct rights_user *user = settings->launcher.user;
    bool become = user != NULL && (settings->user_name != NULL || user_can_write(user, settings->database));
    char sandbox[128];

    if (become && rights_become(user, NULL, 0) != 0) {
        fprintf(stderr, "imaptap: cannot become the user %s: %s\n", user->name, strerror(errno));
        return false;
    }
    sandbox_describe(sandbox, sizeof sandbox);
    if (user == NULL)
        log_say(LOG_LEVEL_NOTICE, "held by %s", sandbox);
    else
        log_say(LOG_LEVEL_NOTICE, "held by %s; what reads packets runs as %s, what keeps the database as %s",
                sandbox, user->name, become ? user->name : "root");
    return true;
}

/* The order matters: the launcher has to have nothing of the database, and the database is made by whom the
 * recorder is in the end. */
static int capture(const struct settings *settings)
{
    struct live_settings live = {.launcher = &settings->launcher,
                                 .database = settings->database,
                                 .run = &settings->run.facts,
                                 .flush_ms = settings->flush_ms,
                                 .keep_ns = settings->keep_ns,
                                 .ports = settings->ports.text};
    struct launcher *launcher = launcher_new(&settings->launcher);
    int signals = live_take_signals();
    struct interface_watch *links =
        interface_watch_new(settings->interfaces, settings->launcher.interface_count);
    struct notify *notify =
        notify_new(&settings->notify, settings->interfaces, settings->launcher.interface_count);
    struct store *store = NULL;
    struct live_result result;
    int status = EXIT_UNREAD;
    char ignored[64];

    if (launcher == NULL || links == NULL || signals < 0 || notify == NULL) {
        fprintf(stderr, "imaptap: the capture cannot be started: %s\n", strerror(errno));
        goto cleanup;
    }
    if (!become_user(settings))
        goto cleanup;
    store = open_store(settings->database, true);
    if (store == NULL)
        goto cleanup;
    if (recorder_sandbox_enter(settings->database, NULL, settings->notify.metrics, true) != 0) {
        fprintf(stderr, "imaptap: the recorder cannot give up its rights: %s\n", strerror(errno));
        goto cleanup;
    }
    live.notify = notify;
    if (live_run(&live, launcher, links, signals, store, &result) == 0)
        status = report(settings, &result);
    else
        fputs("imaptap: out of memory\n", stderr);
    live_result_free(&result);
    return status;
cleanup:
    if (notify != NULL)
        notify_end(notify, NULL, NULL);
    if (store != NULL)
        (void)store_close(store, ignored, sizeof ignored);
    interface_watch_free(links);
    launcher_free(launcher);
    return status;
}

int cmd_live(int argc, char **argv)
{
    struct settings settings = {.database = DEFAULT_DATABASE,
                                .ports = PORT_LIST_DEFAULT,
                                .flush_ms = DEFAULT_FLUSH_MS,
                                .launcher = {.workers = 1,
                                             .live = {.buffer_octets = DEFAULT_BUFFER_MIB << 20,
                                                      .snaplen = LIVE_SNAPLEN_MAX,
                                                      .promiscuous = true}}};
    struct launcher_options *options = &settings.launcher;
    int status;

    /* before the options are parsed, which puts them in front */
    if (run_facts_collect(&settings.run, argc, argv, NULL) != 0) {
        fprintf(stderr, "imaptap: no random number can be had for the run: %s\n", strerror(errno));
        return EXIT_UNREAD;
    }
    status = parse(argc, argv, &settings);
    if (status != -1)
        return status;
    settings.run.facts.filter = options->live.filter.expression;
    options->interfaces = settings.interfaces;
    options->pipeline.ports = options->live.filter.ports = settings.ports.ports;
    options->pipeline.port_count = options->live.filter.port_count = settings.ports.count;
    status = choose_user(&settings);
    if (status != -1)
        return status;
    sandbox_forbid_core_files();
    if (!sandbox_suffice(settings.require_sandbox, stderr))
        return EXIT_UNREAD;
    if (settings.quiet)
        log_be_quiet();
    if (settings.mask_users) {
        if (user_mask_new_key(&settings.mask) != 0) {
            fputs("imaptap: no random key can be had to mask user names\n", stderr);
            return EXIT_UNREAD;
        }
        options->pipeline.mask = &settings.mask;
    }
    return may_capture() ? capture(&settings) : EXIT_UNREAD;
}
