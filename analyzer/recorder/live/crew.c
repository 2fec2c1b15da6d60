/*
 * The analyzers of a live capture.
 */
#include "analyzer/recorder/live/crew_internal.h"

#include "analyzer/recorder/live/log.h"
#include "analyzer/recorder/reading.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before an analyzer that died is started again: twice as long each time, */
#define PAUSE_MS     100
#define PAUSE_MAX_MS 30000
/* unless the last one lived so long. */
#define LONG_LIFE_MS 60000
/* How long an analyzer may take to end when it is to. */
#define STOP_MS 6000
/* Events taken of one analyzer before others are looked at. */
#define TAKE_MAX 4096

struct crew *crew_new(const struct launcher_options *options, struct launcher *launcher, struct links *links)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (crew == NULL)
        return NULL;
    crew->options = options;
    crew->launcher = launcher;
    crew->links = links;
    crew->past.last_ns = -1;
    for (unsigned i = 0; i < LAUNCHER_WORKERS; i++)
        crew->workers[i].leash = -1;
    for (unsigned i = 0; i < options->interface_count; i++) {
        crew->seen[i] = links_state(links, i);
        if (!crew->seen[i].there)
            log_say(LOG_LEVEL_WARNING, "%s: there is no such interface: waiting for it",
                    options->interfaces[i]);
        else if (!crew->seen[i].up)
            log_say(LOG_LEVEL_WARNING, "%s: the interface is down: waiting for it", options->interfaces[i]);
    }
    return crew;
}

void crew_set_keeper(struct crew *crew, struct keeper *keeper)
{
    crew->keeper = keeper;
}

/* --- interfaces --- */

/* The interfaces that can be read now; says what changed. */
static uint32_t look_at_links(struct crew *crew)
{
    uint32_t wanted = 0;

    for (unsigned i = 0; i < crew->options->interface_count; i++) {
        const char *name = crew->options->interfaces[i];
        struct link_state now = links_state(crew->links, i), before = crew->seen[i];

        if (before.there && !now.there)
            log_say(LOG_LEVEL_WARNING, "%s: the interface is gone: waiting for it", name);
        else if (before.up && !now.up)
            log_say(LOG_LEVEL_WARNING, "%s: the interface went down: waiting for it", name);
        else if (!before.up && now.up)
            log_say(LOG_LEVEL_NOTICE, "%s: the interface is up", name);
        if (now.up && (!before.up || !before.there))
            crew->up_ms[i] = reading_now_ms();
        if (before.up && !now.up)
            crew_pause(crew, i);
        else if (!before.up && now.up)
            crew_resume(crew, i);
        crew->seen[i] = now;
        if (now.there && now.up)
            wanted |= crew_bit(i);
    }
    return wanted;
}

/* True when the worker should begin anew, because an interface is there that it does not read. */
static bool misses_some(const struct crew *crew, const struct worker *worker, uint32_t wanted)
{
    if (wanted & ~worker->asked)
        return true;
    for (unsigned i = 0; i < crew->options->interface_count; i++)
        if (wanted & worker->told & ~worker->open & crew_bit(i) && crew->up_ms[i] > worker->started_ms)
            return true;
    return false;
}

/* --- starting and ending --- */

static void unleash(struct worker *worker)
{
    if (worker->leash < 0)
        return;
    close(worker->leash);
    worker->leash = -1;
    worker->leashed_ms = reading_now_ms();
}

/* The analyzer that is to be started for these interfaces. Returns false when it cannot be. */
static bool start(struct crew *crew, unsigned number, uint32_t interfaces)
{
    struct worker *worker = &crew->workers[number];
    struct event_ring *ring = event_ring_new();
    int leash[2];

    if (ring == NULL || pipe2(leash, O_CLOEXEC) != 0) {
        event_ring_free(ring);
        return false;
    }
    if (launcher_start(crew->launcher, number, interfaces, ring, leash[0], crew->culprits.skipped,
                       crew->culprits.skipped_count) != 0) {
        crew->launcher_gone = true;
        event_ring_free(ring);
        close(leash[0]);
        close(leash[1]);
        return false;
    }
    close(leash[0]);
    event_ring_become_receiver(ring, EVENT_RING_INTERFACES, PIPELINE_MAX_CONNECTIONS);
    *worker = (struct worker){.ring = ring,
                              .leash = leash[1],
                              .asked = interfaces,
                              .started_ms = reading_now_ms(),
                              .pause_ms = worker->pause_ms};
    for (unsigned i = 0; i < crew->options->interface_count; i++)
        worker->drops_before[i] = links_state(crew->links, i).dropped;
    keeper_restart(crew->keeper, number);
    return true;
}

static void tell_death(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->workers[number];
    char why[256], place[256] = "";

    if (worker->distrusted)
        (void)snprintf(why, sizeof why, "the analyzer sent what makes no sense and was ended");
    else if (worker->status == -1)
        (void)snprintf(why, sizeof why, "the analyzer could not be started");
    else if (WIFSIGNALED(worker->status))
        (void)snprintf(why, sizeof why, "the analyzer died (%s)", strsignal(WTERMSIG(worker->status)));
    else
        (void)snprintf(why, sizeof why, "the analyzer gave up");
    culprits_blame(&crew->culprits, event_ring_figures(worker->ring), place, sizeof place);
    log_say(LOG_LEVEL_ERROR, "%s%s%s: frames are missing until the next one runs, in %d ms", why,
            place[0] ? " " : "", place, worker->pause_ms);
    (void)snprintf(why + strlen(why), sizeof why - strlen(why),
                   "; what came before is kept, what came until the next one ran was not seen");
    crew_end_rows(crew, number, worker->open & ~worker->paused, why);
}

/* The analyzer is gone, and all that it told is taken. */
static void bury(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->workers[number];
    int64_t now = reading_now_ms();
    bool orderly = worker->finished && !worker->distrusted;

    crew_read_figures(crew, worker);
    if (orderly && (worker->open != 0 || worker->leashed_ms != 0 || worker->figures[0].packets > 0 ||
                    now - worker->started_ms >= LONG_LIFE_MS))
        worker->pause_ms = PAUSE_MS;
    else if (now - worker->started_ms >= LONG_LIFE_MS || worker->pause_ms == 0)
        worker->pause_ms = PAUSE_MS;
    else
        worker->pause_ms = worker->pause_ms * 2 < PAUSE_MAX_MS ? worker->pause_ms * 2 : PAUSE_MAX_MS;
    if (!orderly) {
        crew->past.deaths++;
        tell_death(crew, number);
    }
    worker->start_ms = orderly && worker->leashed_ms != 0 ? now : now + worker->pause_ms;
    worker->open = 0;
    crew_add_worker(crew, worker, &crew->past);
    crew->past.open = 0;
    event_ring_free(worker->ring);
    worker->ring = NULL;
    unleash(worker);
}

/* --- taking --- */

static void take_event(struct crew *crew, unsigned number, struct event *event)
{
    static uint8_t anew[EVENT_MAX_OCTETS];
    struct worker *worker = &crew->workers[number];
    uint32_t which = event->kind == EVENT_CAPTURE_STARTED || event->kind == EVENT_CAPTURE_ENDED
                         ? crew_bit(event->capture.capture)
                         : 0;
    size_t length;
    const uint8_t *encoding = event_ring_encoding(worker->ring, &length);

    if (event->kind == EVENT_CAPTURE_STARTED)
        worker->open |= which;
    worker->told |= which;
    if (event->kind == EVENT_CAPTURE_ENDED) {
        worker->open &= ~which;
        if (event->capture.broken)
            log_say(LOG_LEVEL_WARNING, "%s", event->capture.error);
        crew_read_figures(crew, worker);
        event->capture.interface_drops = worker->figures[event->capture.capture].interface_drops;
        crew_as_of_row(worker, &event->capture);
        length = event_encode(event, anew);
        encoding = anew;
    }
    if (event->kind == EVENT_FINISHED) {
        worker->finished = true;
        event_finished_add(&crew->missed, &event->finished);
    }
    if (event->kind == EVENT_CAPTURE_ENDED && worker->paused & which) {
        worker->paused &= ~which; /* its row has ended */
        return;
    }
    keeper_take(crew->keeper, number, event, encoding, length);
}

static void take_worker(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->workers[number];
    struct event event;

    for (int i = 0; i < TAKE_MAX && !worker->over; i++) {
        switch (event_ring_receive(worker->ring, &event, 0)) {
        case EVENT_RING_EVENT:
            if (!worker->distrusted)
                take_event(crew, number, &event);
            break;
        case EVENT_RING_QUIET:
            return;
        case EVENT_RING_BROKEN:
            worker->distrusted = worker->over = true;
            launcher_kill(crew->launcher, number);
            break;
        default:
            worker->over = true;
        }
    }
}

static void take_news(struct crew *crew)
{
    unsigned number;
    int status;

    for (;;) {
        switch (launcher_news(crew->launcher, &number, &status)) {
        case LAUNCHER_ENDED:
            if (number < crew->options->workers && crew->workers[number].ring != NULL) {
                crew->workers[number].ended = true;
                crew->workers[number].status = status;
            }
            break;
        case LAUNCHER_GONE:
            crew->launcher_gone = true;
            return;
        default:
            return;
        }
    }
}

void crew_take(struct crew *crew)
{
    if (!crew->launcher_gone)
        take_news(crew);
    for (unsigned i = 0; i < crew->options->workers; i++) {
        struct worker *worker = &crew->workers[i];

        if (worker->ring == NULL)
            continue;
        take_worker(crew, i);
        crew_read_figures(crew, worker);
        if (worker->over && (worker->ended || crew->launcher_gone))
            bury(crew, i);
    }
}

/* --- the loop's --- */

bool crew_tend(struct crew *crew)
{
    uint32_t wanted = look_at_links(crew);
    int64_t now = reading_now_ms();

    for (unsigned i = 0; i < crew->options->workers && !crew->launcher_gone; i++) {
        struct worker *worker = &crew->workers[i];

        if (worker->ring != NULL && worker->leash >= 0 && !crew->stopping &&
            misses_some(crew, worker, wanted))
            unleash(worker);
        if (worker->ring != NULL && worker->leash < 0 && now - worker->leashed_ms >= STOP_MS)
            launcher_kill(crew->launcher, i);
        if (worker->ring == NULL && !crew->stopping && wanted != 0 && now >= worker->start_ms &&
            !start(crew, i, wanted))
            worker->start_ms = now + PAUSE_MAX_MS;
        /* one after the other: all workers are to join the interfaces' groups in the same order, so that the
         * halves of a connection that come from two interfaces meet */
        if (worker->ring != NULL && worker->told != worker->asked && !worker->over)
            break;
    }
    return !crew->launcher_gone;
}

int64_t crew_due_ms(const struct crew *crew)
{
    int64_t due = INT64_MAX;
    bool any = false;

    for (unsigned i = 0; i < crew->options->interface_count; i++)
        any = any || crew->seen[i].up;
    for (unsigned i = 0; i < crew->options->workers; i++) {
        const struct worker *worker = &crew->workers[i];
        int64_t own = INT64_MAX;

        if (worker->ring == NULL && !crew->stopping && any)
            own = worker->start_ms;
        else if (worker->ring != NULL && worker->leash < 0)
            own = worker->leashed_ms + STOP_MS;
        if (own < due)
            due = own;
        if (worker->ring != NULL && worker->told != worker->asked && !worker->over)
            break; /* the others wait for it */
    }
    return due;
}

size_t crew_poll(const struct crew *crew, struct pollfd *ready)
{
    size_t count = 0;

    ready[count++] = (struct pollfd){crew->launcher_gone ? -1 : launcher_fd(crew->launcher), POLLIN, 0};
    for (unsigned i = 0; i < crew->options->workers; i++)
        if (crew->workers[i].ring != NULL && !crew->workers[i].over)
            ready[count++] = (struct pollfd){event_ring_receiver_fd(crew->workers[i].ring), POLLIN, 0};
    return count;
}

void crew_stop(struct crew *crew)
{
    crew->stopping = true;
    for (unsigned i = 0; i < crew->options->workers; i++)
        if (crew->workers[i].ring != NULL)
            unleash(&crew->workers[i]);
}

bool crew_is_over(const struct crew *crew)
{
    for (unsigned i = 0; i < crew->options->workers; i++)
        if (crew->workers[i].ring != NULL)
            return false;
    return true;
}

const struct event_finished *crew_missed(const struct crew *crew)
{
    return &crew->missed;
}

void crew_free(struct crew *crew)
{
    if (crew == NULL)
        return;
    for (unsigned i = 0; i < LAUNCHER_WORKERS; i++) {
        event_ring_free(crew->workers[i].ring);
        if (crew->workers[i].leash >= 0)
            close(crew->workers[i].leash);
    }
    free(crew);
}
