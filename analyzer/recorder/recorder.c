/*
 * The recorder process's work: starts analyzers, watches over them, and keeps what they tell.
 */
#include "analyzer/recorder/recorder.h"

#include "analyzer/analysis/walls.h"
#include "analyzer/recorder/ledger.h"
#include "analyzer/recorder/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two commits: what a crash of this process can cost. */
#define COMMIT_SECONDS 1
/* How long an analyzer may take to end when it is asked to. */
#define STOP_SECONDS 2

static volatile sig_atomic_t stop_asked;

static void on_stop_signal(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

struct reading {
    struct store *store;
    const struct inputs *inputs;
    const struct analysis_options *options;
    struct recorder_result *result;
    struct ledger *ledger;
    struct progress progress;
    /* the analyzer that runs */
    struct channel *channel;
    pid_t analyzer;
    bool finished, distrusted;
    time_t committed;
    time_t stop_since;
};

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* --- the child --- */

static _Noreturn void be_analyzer(struct reading *reading, const struct analysis_input *inputs, size_t count,
                                  pid_t recorder)
{
    struct analysis *analysis;
    int *keep = calloc(count + 1, sizeof *keep);
    int status = EXIT_FAILURE;

    signal(SIGINT, SIG_IGN); /* the recorder decides when to stop */
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    channel_become_sender(reading->channel);
    if (keep == NULL)
        _exit(status);
    for (size_t i = 0; i < count; i++)
        keep[i] = inputs[i].fd;
    keep[count] = channel_sender_fd(reading->channel);
    walls_close_descriptors(keep, count + 1);
    free(keep);
    analysis = analysis_new(reading->options, inputs, count, reading->channel);
    if (analysis == NULL)
        fprintf(stderr, "imaptap: the analyzer cannot start: out of memory\n");
    else if (walls_raise(recorder) != 0)
        fprintf(stderr, "imaptap: the analyzer cannot give up its rights: %s\n", strerror(errno));
    else if (analysis_read(analysis) == 0)
        status = EXIT_SUCCESS;
    analysis_free(analysis);
    _exit(status);
}

static int start_analyzer(struct reading *reading)
{
    size_t count = 0;
    pid_t recorder = getpid();
    struct analysis_input *pending = calloc(reading->inputs->count + 1, sizeof *pending);

    if (pending == NULL)
        return -1;
    for (size_t i = 0; i < reading->inputs->count; i++)
        if (reading->result->outcomes[i].state == OUTCOME_PENDING) {
            pending[count++] = (struct analysis_input){reading->inputs->items[i].fd, (uint32_t)i};
            if (!reading->inputs->items[i].is_pipe)
                (void)lseek(reading->inputs->items[i].fd, 0,
                            SEEK_SET); /* an analyzer that died may have moved it */
        }
    reading->finished = reading->distrusted = false;
    ledger_restart(reading->ledger);
    reading->channel = channel_new();
    reading->analyzer = reading->channel == NULL ? -1 : fork();
    if (reading->analyzer == 0)
        be_analyzer(reading, pending, count, recorder);
    free(pending);
    if (reading->analyzer < 0) {
        channel_free(reading->channel);
        reading->channel = NULL;
        return -1;
    }
    channel_become_receiver(reading->channel, (uint32_t)reading->inputs->count, ANALYSIS_MAX_CONNECTIONS);
    return 0;
}

/* --- the parent --- */

static void store_failed(struct reading *reading)
{
    if (reading->result->store_failed)
        return;
    reading->result->store_failed = true;
    (void)snprintf(reading->result->why, sizeof reading->result->why, "%s", store_error(reading->store));
    kill(reading->analyzer, SIGKILL);
}

static void take(struct reading *reading, const struct event *event)
{
    enum ledger_status status;

    if (reading->result->store_failed || reading->distrusted)
        return;
    if (event->kind == EVENT_FINISHED) {
        reading->finished = true;
        reading->result->missed.frames += event->finished.frames;
        reading->result->missed.not_tcp += event->finished.not_tcp;
        reading->result->missed.fragments += event->finished.fragments;
        reading->result->missed.cut += event->finished.cut;
        reading->result->missed.malformed += event->finished.malformed;
        reading->result->missed.evicted += event->finished.evicted;
        reading->result->missed.lost_octets += event->finished.lost_octets;
        return;
    }
    status = ledger_take(reading->ledger, event);
    if (status == LEDGER_STORE)
        store_failed(reading);
    else if (status == LEDGER_NONSENSE)
        reading->distrusted = true;
}

static void look_around(struct reading *reading)
{
    struct channel_figures *figures = channel_figures(reading->channel);

    progress_draw(&reading->progress, figures);
    if (now() - reading->committed >= COMMIT_SECONDS) {
        reading->committed = now();
        if (!reading->result->store_failed && store_commit(reading->store) != STORE_OK)
            store_failed(reading);
    }
    if (reading->distrusted)
        kill(reading->analyzer, SIGKILL);
    if (!stop_asked)
        return;
    if (!reading->result->stopped) {
        reading->result->stopped = true;
        reading->stop_since = now();
        atomic_store(&figures->stop, true);
    } else if (now() - reading->stop_since >= STOP_SECONDS) {
        kill(reading->analyzer, SIGKILL); /* it waits for a pipe */
    }
}

/* Takes all events until the analyzer is gone; returns its wait status. */
static int follow_analyzer(struct reading *reading)
{
    enum channel_status status;
    struct event event;
    unsigned taken = 0;
    int wait_status = 0;

    do {
        status = channel_receive(reading->channel, &event, 100);
        if (status == CHANNEL_EVENT)
            take(reading, &event);
        else if (status == CHANNEL_BROKEN)
            reading->distrusted = true;
        if (status != CHANNEL_EVENT || ++taken % 256 == 0)
            look_around(reading);
    } while (status == CHANNEL_EVENT || status == CHANNEL_QUIET);
    while (waitpid(reading->analyzer, &wait_status, 0) < 0 && errno == EINTR)
        ;
    return wait_status;
}

/* The analyzer died: the capture it was in is given up from there, the others that it had begun are begun
 * again. */
static void blame(struct reading *reading, int wait_status)
{
    const struct channel_figures *figures = channel_figures(reading->channel);
    uint32_t culprit = atomic_load(&figures->capture);
    uint64_t frame = atomic_load(&figures->frame);
    struct outcome *outcomes = reading->result->outcomes;
    size_t count = reading->inputs->count;
    char cause[160];

    if (reading->distrusted)
        (void)snprintf(cause, sizeof cause, "the analyzer sent what makes no sense and was ended");
    else if (WIFSIGNALED(wait_status))
        (void)snprintf(cause, sizeof cause, "the analyzer died (%s)", strsignal(WTERMSIG(wait_status)));
    else
        (void)snprintf(cause, sizeof cause, "the analyzer gave up");
    if (culprit >= count || outcomes[culprit].state != OUTCOME_PENDING) {
        frame = 0;
        for (culprit = 0; culprit < count && outcomes[culprit].state != OUTCOME_PENDING; culprit++)
            ;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct outcome *outcome = &outcomes[i];
        bool stopped = reading->result->stopped;

        if (outcome->state != OUTCOME_PENDING)
            continue;
        if (i != culprit && !stopped && !(reading->inputs->items[i].is_pipe && outcome->id != 0)) {
            outcome->id = 0;
            continue;
        }
        outcome->state = stopped ? OUTCOME_STOPPED : OUTCOME_DIED;
        (void)snprintf(outcome->error, sizeof outcome->error, "%s in frame %llu; what came before it is kept",
                       stopped ? "the reading was stopped" : cause,
                       (unsigned long long)(i == culprit ? frame : 0));
    }
}

static void settle_all(struct reading *reading, const bool *was_pending)
{
    for (uint32_t i = 0; i < reading->inputs->count && !reading->result->store_failed; i++)
        if (was_pending[i] && reading->result->outcomes[i].state != OUTCOME_PENDING &&
            ledger_settle(reading->ledger, i) != LEDGER_OK)
            store_failed(reading);
    if (!reading->result->store_failed && store_commit(reading->store) != STORE_OK)
        store_failed(reading);
}

static bool is_pending(const struct reading *reading)
{
    for (size_t i = 0; i < reading->inputs->count; i++)
        if (reading->result->outcomes[i].state == OUTCOME_PENDING)
            return true;
    return false;
}

static int read_pending(struct reading *reading)
{
    bool *was_pending = calloc(reading->inputs->count + 1, sizeof *was_pending);

    if (was_pending == NULL)
        return -1;
    while (is_pending(reading) && !reading->result->stopped && !reading->result->store_failed) {
        int wait_status;

        for (size_t i = 0; i < reading->inputs->count; i++)
            was_pending[i] = reading->result->outcomes[i].state == OUTCOME_PENDING;
        if (start_analyzer(reading) != 0) {
            free(was_pending);
            return -1;
        }
        wait_status = follow_analyzer(reading);
        if (!reading->finished || reading->distrusted || reading->result->stopped)
            blame(reading, wait_status);
        channel_free(reading->channel);
        reading->channel = NULL;
        settle_all(reading, was_pending);
    }
    free(was_pending);
    return 0;
}

/* Leaves out what the database has whole already, and what was named twice. */
static void find_known(struct reading *reading)
{
    const struct inputs *inputs = reading->inputs;

    for (size_t i = 0; i < inputs->count && !reading->result->store_failed; i++) {
        struct outcome *outcome = &reading->result->outcomes[i];
        enum store_state state;
        int64_t id = 0;

        if (inputs->items[i].is_pipe)
            continue;
        if (store_find_capture(reading->store, inputs->items[i].fingerprint, &id, &state) != STORE_OK) {
            reading->result->store_failed = true;
            (void)snprintf(reading->result->why, sizeof reading->result->why, "%s",
                           store_error(reading->store));
        } else if (id != 0 && state == STORE_COMPLETE) {
            outcome->state = OUTCOME_KNOWN;
            outcome->id = id;
        }
        for (size_t j = 0; j < i && outcome->state == OUTCOME_PENDING; j++)
            if (!inputs->items[j].is_pipe &&
                strcmp(inputs->items[j].fingerprint, inputs->items[i].fingerprint) == 0)
                outcome->state = OUTCOME_KNOWN;
    }
}

int recorder_read(struct store *store, const struct inputs *inputs, const struct analysis_options *options,
                  bool show_progress, struct recorder_result *result)
{
    struct reading reading = {.store = store, .inputs = inputs, .options = options, .result = result};
    struct sigaction action = {.sa_handler = on_stop_signal};
    uint64_t total = 0;
    bool has_pipe = false;
    int status = -1;

    memset(result, 0, sizeof *result);
    result->outcomes = calloc(inputs->count + 1, sizeof *result->outcomes);
    if (result->outcomes == NULL)
        return -1;
    reading.ledger = ledger_new(store, inputs, result->outcomes);
    if (reading.ledger == NULL)
        return -1;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    find_known(&reading);
    for (size_t i = 0; i < inputs->count; i++) {
        has_pipe = has_pipe || inputs->items[i].is_pipe;
        if (result->outcomes[i].state == OUTCOME_PENDING)
            total += inputs->items[i].octets;
    }
    reading.committed = now();
    progress_start(&reading.progress, show_progress, has_pipe ? 0 : total);
    status = read_pending(&reading);
    progress_end(&reading.progress);
    ledger_free(reading.ledger);
    return status;
}

void recorder_result_free(struct recorder_result *result)
{
    free(result->outcomes);
    result->outcomes = NULL;
}
