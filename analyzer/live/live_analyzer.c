/*
 * One analyzer process of a live capture.
 */
#include "analyzer/live/live_analyzer.h"

#include "analyzer/capture/live/live_set.h"
#include "analyzer/pipeline/pipeline_live.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each interface has a group of its own, which all workers know; other programs have theirs. */
static uint16_t group_of(const struct live_analyzer *analyzer, uint32_t interface)
{
    uint32_t group = (uint32_t)analyzer->launcher * EVENT_RING_INTERFACES + interface;

    if (analyzer->options->workers < 2)
        return 0;
    return (uint16_t)(group % 65535 + 1);
}

/* The interface could not be opened: a capture that began and ended. */
static void report_unopened(struct event_ring *ring, uint32_t interface, const char *why)
{
    struct event event = {.kind = EVENT_CAPTURE_STARTED};

    event.capture.capture = interface;
    event_ring_send(ring, &event);
    event.kind = EVENT_CAPTURE_ENDED;
    event.capture.broken = true;
    event.capture.first_ns = event.capture.last_ns = -1;
    (void)snprintf(event.capture.error, sizeof event.capture.error, "%s", why);
    event_ring_send(ring, &event);
}

/* NULL: out of memory. */
static struct live_set *open_interfaces(const struct live_analyzer *analyzer, struct event_ring *ring)
{
    const struct launcher_options *options = analyzer->options;
    struct live_set *set = live_set_new();
    char why[512];

    for (uint32_t i = 0; set != NULL && i < options->interface_count; i++) {
        struct live_interface *interface;

        if (!(analyzer->interfaces & UINT32_C(1) << i))
            continue;
        interface = live_interface_open(options->interfaces[i], i, group_of(analyzer, i), &options->live, why,
                                        sizeof why);
        if (interface == NULL) {
            report_unopened(ring, i, why);
        } else if (live_set_add(set, interface, i) != 0) {
            live_interface_close(interface);
            live_set_free(set);
            set = NULL;
        }
    }
    return set;
}

static void close_the_rest(const struct live_analyzer *analyzer, const struct live_set *set)
{
    int keep[EVENT_RING_INTERFACES + 2];
    size_t count = live_set_fds(set, keep, EVENT_RING_INTERFACES);

    keep[count++] = analyzer->sender;
    keep[count++] = analyzer->leash;
    sandbox_close_descriptors(keep, count);
}

_Noreturn void live_analyzer_run(const struct live_analyzer *analyzer)
{
    struct event_ring *ring = event_ring_new_sender(analyzer->memory, analyzer->sender);
    struct live_set *set = ring == NULL ? NULL : open_interfaces(analyzer, ring);
    struct pipeline_live live = {set, analyzer->leash, analyzer->skipped, analyzer->skipped_count};
    struct sandbox_analyzer sandbox = {
        .parent = analyzer->launcher, .output = analyzer->sender, .live = true};
    struct pipeline *pipeline = NULL;
    int status = EXIT_FAILURE;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (set != NULL)
        pipeline = pipeline_new_live(&analyzer->options->pipeline, &live, ring);
    if (pipeline == NULL) {
        fprintf(stderr, "imaptap: the analyzer cannot start: out of memory\n");
        _exit(EXIT_FAILURE);
    }
    event_ring_become_sender(ring);
    close_the_rest(analyzer, set);
    if (sandbox_enter_analyzer(&sandbox) != 0)
        fprintf(stderr, "imaptap: the analyzer cannot give up its rights: %s\n", strerror(errno));
    else if (pipeline_read_live(pipeline) == 0)
        status = EXIT_SUCCESS;
    /* the kernel closes the interfaces; libpcap would need calls for it that are denied by now */
    _exit(status);
}

int live_launcher_hold(const struct rights_user *user, pid_t recorder, int fd, int signals)
{
    static const unsigned raw[] = {CAP_NET_RAW};
    int keep[] = {fd, signals};

    sandbox_close_descriptors(keep, 2);
    /* what an analyzer opens is to have other numbers than these: there its log will be */
    for (int i = 0; i < STDERR_FILENO; i++)
        if (dup2(STDERR_FILENO, i) < 0)
            return -1;
    if (user != NULL && rights_become(user, raw, 1) != 0)
        return -1;
    return sandbox_enter_launcher(recorder);
}
