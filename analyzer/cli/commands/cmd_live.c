/*
 * imaptap live: finds the logins on network interfaces as the packets come, and keeps them.
 */
#include "analyzer/capture/live/interface_list.h"
#include "analyzer/cli/capture_options.h"
#include "analyzer/live/live.h"
#include "analyzer/live/log.h"
#include "analyzer/recorder/open_store.h"
#include "analyzer/recorder/recorder_sandbox.h"
#include "analyzer/report/run_summary.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_SCHEMA UINT_MAX

struct settings {
    struct capture_options capture; /* the first member: options_parse */
    const char *interfaces[EVENT_RING_INTERFACES];
    bool list;
    struct notify_settings notify;
    unsigned schema;       /* NO_SCHEMA, or an enum finding_schema */
    const char *user_name; /* as asked for; NULL: not */
    struct rights_user user;
    uint64_t buffer_mib, snaplen, flush_ms, workers;
    int64_t keep_ns; /* 0: for ever */
    struct launcher_options launcher;
};

static bool take_interface(const struct option_spec *option, void *at, const char *value)
{
    struct settings *settings = at;
    struct launcher_options *launcher = &settings->launcher;

    (void)option;
    if (value[0] == '\0' || strlen(value) >= IFNAMSIZ || strchr(value, '/') != NULL ||
        launcher->interface_count == EVENT_RING_INTERFACES)
        return false;
    settings->interfaces[launcher->interface_count++] = value;
    return true;
}

static bool take_detect(const struct option_spec *option, void *at, const char *value)
{
    struct launcher_options *launcher = at;

    (void)option;
    (void)value;
    launcher->pipeline.detect = launcher->live.filter.every_tcp = true;
    return true;
}

#define AT(member) .at = offsetof(struct settings, member)

static const struct option_spec options[] = {
    {"interface", 'i', "IFACE",
     "the interface, or `any`; several -i are read as one stream of traffic (a tap has one for each "
     "direction). One that is not there yet, or goes, is waited for",
     .take = take_interface, .takes = "the name of an interface, and at most 16 are read"},
    {"list-interfaces", 'D', .help = "list the interfaces that there are, and end", .take = option_set,
     AT(list)},
    {"detect", .help = "also follow what speaks IMAP on other ports: all TCP then comes from the kernel",
     .take = take_detect, AT(launcher)},
    {"filter", .argument = "EXPR",
     .help = "what comes from the kernel, as pcap-filter(7) has it, in place of the ports with their "
             "fragments, VLANs and tunnels",
     .take = option_text, AT(launcher.live.filter.expression)},
    {"keep", .argument = "AGE",
     .help = "remove what is older, for good: 90d, 24h, 12w; otherwise nothing is removed",
     .take = option_age, AT(keep_ns), .takes = "an age as 90d, 24h or 12w", .least = 1},
    {"buffer", .argument = "MIB", .help = "memory of an interface's frames that are not read yet",
     .initial = "64", .take = option_number, AT(buffer_mib), .least = 1, .most = 1024, .group = "Capturing"},
    {"snaplen", .argument = "OCTETS", .help = "keep no more of a frame", .initial = "262144",
     .take = option_number, AT(snaplen), .least = 1, .most = LIVE_SNAPLEN_MAX},
    {"no-promiscuous", .help = "only frames for this machine", .take = option_clear,
     AT(launcher.live.promiscuous)},
    {"workers", .argument = "N", .help = "processes that share the load by connection, at most 32",
     .initial = "1", .take = option_number, AT(workers), .least = 1, .most = LAUNCHER_WORKERS},
    {"flush", .argument = "MS", .help = "milliseconds between two commits, at most", .initial = "500",
     .take = option_number, AT(flush_ms), .least = 1, .most = 60000},
    {"user", .argument = "NAME",
     .help = "when started by root, become this user (imaptap if there is one, else nobody); without this "
             "option the process that keeps the database stays root where that user could not write it",
     .take = option_text, AT(user_name)},
    {"alert", .argument = "WAY",
     .help = "report each finding as it is committed: ndjson (a JSON object a line on standard output; the "
             "summary then goes to standard error) or syslog",
     .initial = "none", .take = option_word, AT(notify.alerts), .words = "none, ndjson or syslog",
     .group = "Alerts"},
    {"schema", .argument = "SCHEMA",
     .help = "names in these objects: eve (Suricata's; default) or ecs (Elastic's)", .take = option_word,
     AT(schema), .words = "eve or ecs"},
    {"metrics", .argument = "FILE", .help = "keep figures there for node_exporter's textfile collector",
     .take = option_text, AT(notify.metrics)},
    CAPTURE_OPTIONS};

/* What the options mean together. Returns -1 to go on, else an exit status. */
static int settle(struct settings *settings)
{
    struct launcher_options *launcher = &settings->launcher;
    char why[512];

    if (settings->capture.common.operand_count > 0)
        return usage_error(&command_live, "interfaces are named with -i, and nothing else is");
    if (settings->schema != NO_SCHEMA && settings->notify.alerts != ALERTS_NDJSON)
        return usage_error(&command_live, "--schema needs --alert ndjson");
    if (launcher->interface_count == 0)
        return usage_error(&command_live, "name an interface with -i (-D lists them)");
    for (size_t i = 1; i < launcher->interface_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(settings->interfaces[i], settings->interfaces[j]) == 0)
                return usage_error(&command_live, "the interface %s is named twice", settings->interfaces[i]);
    if (launcher->live.filter.expression != NULL &&
        live_filter_check(launcher->live.filter.expression, why, sizeof why) != 0)
        return usage_error(&command_live, "--filter: %s", why);
    if (settings->schema != NO_SCHEMA)
        settings->notify.schema = (enum finding_schema)settings->schema;
    launcher->interfaces = settings->interfaces;
    launcher->workers = (unsigned)settings->workers;
    launcher->live.buffer_octets = (uint32_t)settings->buffer_mib << 20;
    launcher->live.snaplen = (uint32_t)settings->snaplen;
    launcher->live.filter.ports = settings->capture.ports.ports;
    launcher->live.filter.port_count = settings->capture.ports.count;
    settings->capture.run.facts.filter = launcher->live.filter.expression;
    return -1;
}

/* Better said before anything starts than by each analyzer. */
static bool may_capture(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        fprintf(stderr,
                "imaptap: no permission to capture (%s): run as root, or give the program the right to with "
                "`setcap cap_net_raw+ep`\n",
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
    struct run_summary_facts facts = {.database = settings->capture.common.database,
                                      .live = &live,
                                      .missed = &result->missed,
                                      .ports = where};
    bool failed = result->failed;
    FILE *out = settings->notify.alerts == ALERTS_NDJSON ? stderr : stdout;
    int64_t broken = 0;

    (void)snprintf(where, sizeof where, "on port %s%s", settings->capture.ports.text,
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
    return settings->capture.exit_code && broken > 0 ? EXIT_VIOLATIONS : EXIT_DONE;
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
        return settings->user_name == NULL ? -1 : usage_error(&command_live, "--user is for root");
    if (rights_find_user(settings->user_name, &settings->user) == 0) {
        settings->launcher.user = &settings->user;
        return -1;
    }
    if (settings->user_name == NULL)
        return -1; /* a system without nobody */
    return usage_error(&command_live, "there is no user '%s'", settings->user_name);
}

/* The recorder becomes the user, if that was asked for or does no harm. False: it was asked for and cannot
 * be. */
static bool become_user(const struct settings *settings)
{
    const struct rights_user *user = settings->launcher.user;
    bool become = user != NULL &&
                  (settings->user_name != NULL || user_can_write(user, settings->capture.common.database));
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
                                 .database = settings->capture.common.database,
                                 .run = &settings->capture.run.facts,
                                 .flush_ms = (int)settings->flush_ms,
                                 .keep_ns = settings->keep_ns,
                                 .ports = settings->capture.ports.text};
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
    store = open_store(settings->capture.common.database, true);
    if (store == NULL)
        goto cleanup;
    if (recorder_sandbox_enter(settings->capture.common.database, NULL, settings->notify.metrics, true) !=
        0) {
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

static int run(int argc, char **argv)
{
    struct settings settings = {.schema = NO_SCHEMA, .launcher = {.live = {.promiscuous = true}}};
    int status = capture_options_parse(&command_live, argc, argv, &settings.capture);

    if (status == -1 && settings.list)
        return interface_list_print(stdout, stderr) ? EXIT_DONE : EXIT_UNREAD;
    if (status == -1)
        status = settle(&settings);
    if (status == -1)
        status = choose_user(&settings);
    if (status == -1)
        status = capture_options_settle(&settings.capture, &settings.launcher.pipeline);
    if (status != -1)
        return status;
    if (settings.capture.common.quiet)
        log_be_quiet();
    return may_capture() ? capture(&settings) : EXIT_UNREAD;
}

const struct command command_live = {
    .name = "live",
    .title = "the same on network interfaces, as the packets come",
    .usage = "[OPTIONS] -i IFACE...\n-D",
    .about = "Finds the IMAP logins on network interfaces (a span port, a tap) as the packets come, judges "
             "each against the IMAP grammar and keeps the findings in a database, until SIGINT or SIGTERM. A "
             "login is in the database within a second of its verdict.\n",
    OPTIONS(options),
    .database = "the database; made when it is not there",
    .quiet = "print nothing but warnings and the summary",
    .notes = "Signals: SIGINT and SIGTERM end it with a summary, SIGHUP opens the database file again (move "
             "the old one away before), SIGUSR1 prints figures on standard error.\n\n"
             "Exit status: 0 ended by a signal; 1 violations found, with --exit-code; 2 wrong usage; 3 it "
             "could not capture, or findings not be kept: what could be was.\n",
    .example = "  imaptap live -i eth1 -d mail.db & imaptap query -d mail.db findings\n",
    .run = run};
