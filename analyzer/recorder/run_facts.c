/*
 * Collects what a run of the program is.
 */
#include "analyzer/recorder/run_facts.h"

#include "analyzer/stream/reassembly.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* The most that an octet of an argument takes, and the quote after it. */
#define QUOTED_OCTETS 5

/* For the words at the end of a command line that was cut. */
#define CUT_ROOM 40

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

int64_t run_facts_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A random UUID, version 4 of RFC 9562. */
static int make_uuid(char text[37])
{
    uint8_t octets[16];
    char *at = text;

    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        return -1;
    octets[6] = (uint8_t)((octets[6] & 0x0F) | 0x40);
    octets[8] = (uint8_t)((octets[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < sizeof octets; i++)
        at += snprintf(at, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", octets[i]);
    return 0;
}

/* Appends the argument, quoted for a shell where it must be. Returns the new length; 0: it does not fit. */
static size_t append(char *line, size_t length, size_t room, const char *argument)
{
    const bool bare = *argument != '\0' && argument[strspn(argument, plain)] == '\0';
    size_t at = length;

    line[at++] = ' ';
    if (!bare)
        line[at++] = '\'';
    for (const char *in = argument; *in != '\0'; in++) {
        if (at + QUOTED_OCTETS > room)
            return 0;
        line[at++] = *in;
        if (*in == '\'') {
            line[at++] = '\\';
            line[at++] = '\'';
            line[at++] = '\'';
        }
    }
    if (!bare)
        line[at++] = '\'';
    return at;
}

static void quote_command_line(char line[RUN_COMMAND_LINE], int argc, char **argv)
{
    size_t length = strlen("imaptap");

    memcpy(line, "imaptap", length);
    for (int i = 0; i < argc; i++) {
        size_t longer = append(line, length, RUN_COMMAND_LINE - CUT_ROOM, argv[i]);

        if (longer == 0) {
            (void)snprintf(line + length, RUN_COMMAND_LINE - length, " ... and %d more", argc - i);
            return;
        }
        length = longer;
    }
    line[length] = '\0';
}

int run_facts_collect(struct run_facts *run, int argc, char **argv, const char *filter)
{
    const struct passwd *who;

    if (make_uuid(run->uuid) != 0)
        return -1;
    if (gethostname(run->host, sizeof run->host) != 0)
        run->host[0] = '\0';
    run->host[sizeof run->host - 1] = '\0';
    who = getpwuid(getuid());
    if (who != NULL)
        (void)snprintf(run->user, sizeof run->user, "%s", who->pw_name);
    else
        (void)snprintf(run->user, sizeof run->user, "%u", (unsigned)getuid());
    quote_command_line(run->command_line, argc, argv);
    run->facts = (struct store_run_facts){
        .uuid = run->uuid,
        .imaptap_version = IMAPTAP_VERSION,
        .libpcap_version = pcap_lib_version(),
        .libnids_version = reassembly_library(),
        .sqlite_version = sqlite3_libversion(),
        .command_line = run->command_line,
        .filter = filter,
        .host = run->host,
        .user = run->user,
        .started_ns = run_facts_now(),
    };
    return 0;
}
