/*
 * Reads captures that are there: has all of them read by one analyzer, and goes on with another one when it
 * dies.
 */
#include "analyzer/recorder/recorder.h"

#include "analyzer/capture/digest.h"
#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/late_hashes.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between two commits: what a crash of this process can cost. */
#define COMMIT_MS 1000

static void look_around(struct analyzer_run *reading)
{
    struct event_ring_figures *figures = event_ring_figures(reading->ring);

    progress_draw(&reading->progress, figures);
    analyzer_run_commit(reading, COMMIT_MS);
    if (!analyzer_run_stop_asked())
        return;
    if (!reading->result->stopped) {
        reading->result->stopped = true;
        reading->stop_since_ms = analyzer_run_now_ms();
        atomic_store(&figures->stop, true);
    } else if (analyzer_run_now_ms() - reading->stop_since_ms >= ANALYZER_RUN_STOP_MS) {
        kill(reading->analyzer, SIGKILL); /* it waits for a pipe */
    }
}

/* Takes all events until the analyzer is gone. While there is none, files are hashed. */
static void take_all(struct analyzer_run *reading)
{
    enum event_ring_status status;
    struct event event;
    unsigned taken = 0;
    bool hashing = reading->hashing != NULL && reading->hash_beside;

    do {
        status = event_ring_receive(reading->ring, &event, hashing ? 0 : 100);
        if (status == EVENT_RING_EVENT) {
            analyzer_run_take(reading, &event);
        } else if (status == EVENT_RING_BROKEN) {
            reading->distrusted = true;
            kill(reading->analyzer, SIGKILL);
        } else if (status == EVENT_RING_QUIET && hashing) {
            hashing = hashing_step(reading->hashing);
        }
        if (status != EVENT_RING_EVENT || ++taken % 256 == 0)
            look_around(reading);
    } while (status == EVENT_RING_EVENT || status == EVENT_RING_QUIET);
}

/* Of what was read, so much is of captures that did not end: the summary of a reading that was stopped counts
 * it as that of the one that the analyzer was in. */
static void count_unended(const struct recorder_result *result, const struct event_ring_figures *figures,
                          struct outcome *crashed, int64_t frame)
{
    int64_t packets = (int64_t)atomic_load(&figures->frames), bytes = (int64_t)atomic_load(&figures->octets);

    for (size_t i = 0; i < result->count; i++) {
        packets -= result->outcomes[i].packets;
        bytes -= result->outcomes[i].bytes;
    }
    /* the figures lag a little behind the frame */
    crashed->packets = packets > frame ? packets : frame;
    crashed->bytes = bytes > 0 ? bytes : 0;
    crashed->first_ns = -1;
}

/* The analyzer died: the capture it was in is given up from there, the others that it had begun are begun
 * again. */
static void blame(struct analyzer_run *reading, const char *cause)
{
    const struct event_ring_figures *figures = event_ring_figures(reading->ring);
    uint32_t crashed = atomic_load(&figures->capture);
    uint64_t frame = atomic_load(&figures->frame);
    struct outcome *outcomes = reading->result->outcomes;
    size_t count = reading->inputs->count;

    if (crashed >= count || outcomes[crashed].state != OUTCOME_PENDING) {
        frame = 0;
        for (crashed = 0; crashed < count && outcomes[crashed].state != OUTCOME_PENDING; crashed++)
            ;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct outcome *outcome = &outcomes[i];
        bool stopped = reading->result->stopped;

        if (outcome->state != OUTCOME_PENDING)
            continue;
        if (i != crashed && !stopped && !(reading->inputs->items[i].is_pipe && outcome->id != 0)) {
            outcome->id = 0;
            continue;
        }
        outcome->state = stopped ? OUTCOME_STOPPED : OUTCOME_DIED;
        if (stopped && i != crashed && outcome->id == 0) {
            outcome_set_error(outcome, "not read: the reading was stopped before it");
            continue;
        }
        if (stopped && i == crashed)
            count_unended(reading->result, figures, outcome, (int64_t)frame);
        outcome_set_error(outcome, "%s in frame %llu; what came before it is kept",
                          stopped ? "the reading was stopped" : cause,
                          (unsigned long long)(i == crashed ? frame : 0));
    }
}

static bool is_pending(const struct analyzer_run *reading)
{
    for (size_t i = 0; i < reading->inputs->count; i++)
        if (reading->result->outcomes[i].state == OUTCOME_PENDING)
            return true;
    return false;
}

static int read_pending(struct analyzer_run *reading)
{
    bool *was_pending = calloc(reading->inputs->count + 1, sizeof *was_pending);

    if (was_pending == NULL)
        return -1;
    while (is_pending(reading) && !reading->result->stopped && !reading->result->store_failed) {
        char cause[160];

        for (size_t i = 0; i < reading->inputs->count; i++)
            was_pending[i] = reading->result->outcomes[i].state == OUTCOME_PENDING;
        /* the first may have been started before the database was open */
        if (reading->ring == NULL && analyzer_run_start(reading, false) != 0) {
            free(was_pending);
            return -1;
        }
        take_all(reading);
        analyzer_run_wait(reading, cause, sizeof cause);
        if (!reading->finished || reading->distrusted || reading->result->stopped)
            blame(reading, cause);
        analyzer_run_close_ways(reading);
        while (reading->inputs->expected.sha256 != NULL && !analyzer_run_stop_asked() &&
               hashing_step(reading->hashing))
            continue; /* it decides whether the capture is whole */
        analyzer_run_settle(reading, was_pending);
    }
    free(was_pending);
    return 0;
}

/* The rows that are still without the hash of their file. */
static void find_unhashed(struct analyzer_run *reading)
{
    for (size_t i = 0; i < reading->inputs->count; i++) {
        const struct input *input = &reading->inputs->items[i];
        struct outcome *outcome = &reading->result->outcomes[i];

        if (outcome->state == OUTCOME_READ || outcome->state == OUTCOME_BROKEN ||
            outcome->state == OUTCOME_DIED)
            outcome->unhashed = outcome->id != 0 && !input->is_pipe && !digest_is_text(input->sha256);
    }
}

static bool is_unhashed(struct store *store, int64_t id, const struct input *input)
{
    return store_capture_is_unhashed(store, id, (int64_t)input->octets,
                                     (int64_t)input->modified.tv_sec * 1000000000 + input->modified.tv_nsec);
}

/* True when an input before this one is the same capture. */
static bool is_named_before(const struct inputs *inputs, size_t number)
{
    for (size_t i = 0; i < number && !inputs->items[number].is_pipe; i++)
        if (!inputs->items[i].is_pipe &&
            strcmp(inputs->items[i].fingerprint, inputs->items[number].fingerprint) == 0)
            return true;
    return false;
}

/* Leaves out what the database has whole already, and what was named twice. */
static void find_known(struct analyzer_run *reading)
{
    const struct inputs *inputs = reading->inputs;

    for (size_t i = 0; i < inputs->count && !reading->result->store_failed; i++) {
        struct outcome *outcome = &reading->result->outcomes[i];
        enum store_state state;
        int64_t id = 0;
        int found = STORE_OK;

        if (inputs->items[i].is_pipe)
            continue;
        do
            found = store_find_capture(reading->store, inputs->items[i].fingerprint, &id, &state);
        while (found == STORE_OK && id != 0 && state == STORE_RUNNING && !analyzer_run_stop_asked() &&
               store_capture_wait(reading->store, id));
        if (found != STORE_OK) {
            analyzer_run_store_failed(reading);
        } else if (id != 0 && state == STORE_COMPLETE) {
            outcome->state = OUTCOME_KNOWN;
            outcome->id = id;
            outcome->unhashed = reading->options.hash && is_unhashed(reading->store, id, &inputs->items[i]);
        }
        if (outcome->state == OUTCOME_PENDING && is_named_before(inputs, i))
            outcome->state = OUTCOME_KNOWN;
    }
}

/* Where there is only one, hashing would take its time from the analyzer. */
static bool has_two_processors(void)
{
    cpu_set_t processors;

    return sched_getaffinity(0, sizeof processors, &processors) != 0 || CPU_COUNT(&processors) > 1;
}

static void find_beginnings(struct analyzer_run *reading)
{
    if (!inputs_have_pipe(reading->inputs) || reading->result->store_failed)
        return;
    if (beginnings_find(&reading->beginnings, reading->store, reading->inputs) != STORE_OK)
        analyzer_run_store_failed(reading);
    reading->options.marks = reading->beginnings.marks;
    reading->options.mark_count = reading->beginnings.count;
}

struct analyzer_run *recorder_new(const struct inputs *inputs, const struct pipeline_options *options,
                                  struct recorder_result *result)
{
    struct analyzer_run *reading = calloc(1, sizeof *reading);

    if (reading == NULL)
        return NULL;
    *reading = (struct analyzer_run){.inputs = inputs, .options = *options, .result = result};
    reading->hash_beside = has_two_processors();
    if (analyzer_run_prepare(reading) == 0)
        return reading;
    free(reading);
    return NULL;
}

void recorder_start(struct analyzer_run *reading)
{
    const struct inputs *inputs = reading->inputs;

    for (size_t i = 0; i < inputs->count; i++)
        if (is_named_before(inputs, i))
            reading->result->outcomes[i].state = OUTCOME_KNOWN;
    (void)analyzer_run_start(reading, false);
}

/* What was started early was given all that is not named twice: of no use when the database knows any of it
 * after all, since another process made it meanwhile. */
static void check_started(struct analyzer_run *reading)
{
    const struct inputs *inputs = reading->inputs;
    bool usable = !reading->result->store_failed;

    for (size_t i = 0; i < inputs->count; i++)
        if (reading->result->outcomes[i].id != 0)
            usable = false;
    if (!usable)
        analyzer_run_abandon(reading);
}

static void end(struct analyzer_run *reading)
{
    if (reading->ring != NULL)
        analyzer_run_abandon(reading);
    analyzer_run_end(reading);
}

int recorder_read(struct analyzer_run *reading, struct store *store, bool show_progress)
{
    const struct inputs *inputs = reading->inputs;
    const struct outcome *outcomes = reading->result->outcomes;
    bool hash = reading->options.hash;
    uint64_t total = 0;
    int status;

    if (analyzer_run_begin(reading, store) != 0) {
        end(reading);
        return -1;
    }
    find_known(reading);
    find_beginnings(reading);
    if (reading->ring != NULL)
        check_started(reading);
    for (size_t i = 0; i < inputs->count; i++)
        if (outcomes[i].state == OUTCOME_PENDING)
            total += inputs->items[i].octets;
    progress_start(&reading->progress, show_progress, inputs_have_pipe(inputs) ? 0 : total);
    if (hash)
        reading->hashing = hashing_new(inputs, outcomes);
    status = hash && reading->hashing == NULL ? -1 : read_pending(reading);
    if (status == 0 && hash)
        find_unhashed(reading);
    progress_end(&reading->progress);
    end(reading);
    return status;
}

void recorder_free(struct analyzer_run *reading)
{
    if (reading == NULL)
        return;
    end(reading);
    hashing_free(reading->hashing);
    free(reading);
}

bool recorder_found_nothing(const struct recorder_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (result->outcomes[i].state != OUTCOME_FOREIGN)
            return false;
    return result->count > 0 && !result->store_failed;
}

bool recorder_has_to_hash(const struct analyzer_run *reading)
{
    for (size_t i = 0; i < reading->inputs->count; i++)
        if (reading->hashing != NULL && reading->result->outcomes[i].unhashed)
            return true;
    return false;
}

int recorder_hash(struct analyzer_run *reading, const char *database, bool show_progress, char *why,
                  size_t why_size)
{
    const struct inputs *inputs = reading->inputs;
    struct late_hash *hashes = calloc(inputs->count + 1, sizeof *hashes);
    size_t count = 0;
    int status;

    if (hashes == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return -1;
    }
    progress_start(&reading->progress, show_progress, hashing_total(reading->hashing));
    while (!analyzer_run_stop_asked() && hashing_step(reading->hashing))
        progress_draw_hashing(&reading->progress, hashing_done(reading->hashing));
    progress_end(&reading->progress);
    for (size_t i = 0; i < inputs->count; i++) {
        struct outcome *outcome = &reading->result->outcomes[i];

        if (!outcome->unhashed || !digest_is_text(inputs->items[i].sha256))
            continue;
        hashes[count].capture = outcome->id;
        memcpy(hashes[count++].sha256, inputs->items[i].sha256, DIGEST_TEXT);
        outcome->unhashed = false;
    }
    status = late_hashes_keep(database, hashes, count, why, why_size);
    free(hashes);
    if (status == 0 && analyzer_run_stop_asked()) {
        (void)snprintf(
            why, why_size,
            "interrupted: all that was found is kept; only SHA-256 is missing, which the next read or "
            "verify fills in");
        status = -1;
    }
    return status;
}

void recorder_result_free(struct recorder_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        free(result->outcomes[i].error);
    free(result->outcomes);
    memset(result, 0, sizeof *result);
}
