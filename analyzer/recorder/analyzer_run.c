/*
 * Starts an analyzer process, keeps what it reports, and finds out how it ended.
 */
#include "analyzer/recorder/analyzer_run.h"

#include "analyzer/pipeline/pipeline_files.h"
#include "analyzer/sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void on_stop_signal(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

bool analyzer_run_stop_asked(void)
{
    return stop_asked;
}

int64_t analyzer_run_now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int analyzer_run_prepare(struct analyzer_run *reading)
{
    struct recorder_result *result = reading->result;

    memset(result, 0, sizeof *result);
    result->outcomes = calloc(reading->inputs->count + 1, sizeof *result->outcomes);
    if (result->outcomes == NULL)
        return -1;
    result->count = reading->inputs->count;
    return 0;
}

int analyzer_run_begin(struct analyzer_run *reading, struct store *store)
{
    struct sigaction action = {.sa_handler = on_stop_signal};

    reading->store = store;
    reading->capture_rows =
        capture_rows_new(store, reading->inputs, &reading->beginnings, reading->result->outcomes);
    if (reading->capture_rows == NULL)
        return -1;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    reading->committed_ms = analyzer_run_now_ms();
    return 0;
}

/* --- the child --- */

/* Closes all but what the analyzer reads from and writes to: also what libraries have left open. */
static int close_the_rest(const struct analyzer_run *reading, const struct pipeline_input *inputs,
                          size_t count)
{
    int *keep = calloc(count + 2, sizeof *keep);
    size_t kept = 0;

    if (keep == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        keep[kept++] = inputs[i].fd;
    if (reading->feed != NULL)
        keep[kept++] = file_feed_receiver_fd(reading->feed);
    keep[kept++] = event_ring_sender_fd(reading->ring);
    sandbox_close_descriptors(keep, kept);
    free(keep);
    return 0;
}

static _Noreturn void be_analyzer(struct analyzer_run *reading, const struct pipeline_input *inputs,
                                  size_t count, pid_t recorder)
{
    const struct sandbox_analyzer sandbox = {
        .parent = recorder, .output = event_ring_sender_fd(reading->ring), .user = reading->options.user};
    struct pipeline *pipeline;
    int status = EXIT_FAILURE;

    /* the recorder decides when to stop, also where both get the signal (from a terminal, from systemd) */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    event_ring_become_sender(reading->ring);
    if (reading->feed != NULL)
        pipeline = pipeline_new_fed(&reading->options, reading->feed, reading->ring);
    else
        pipeline = pipeline_new_files(&reading->options, inputs, count, reading->ring);
    if (pipeline == NULL || close_the_rest(reading, inputs, count) != 0)
        fprintf(stderr, "imaptap: the analyzer cannot start: out of memory\n");
    else if (sandbox_enter_analyzer(&sandbox) != 0)
        fprintf(stderr, "imaptap: the analyzer cannot give up its rights: %s\n", strerror(errno));
    else if (pipeline_read_files(pipeline) == 0)
        status = EXIT_SUCCESS;
    pipeline_free(pipeline);
    _exit(status);
}

/* The inputs still to be read; NULL: out of memory. */
static struct pipeline_input *list_pending(const struct analyzer_run *reading, size_t *count)
{
    const struct inputs *inputs = reading->inputs;
    struct pipeline_input *pending = calloc(inputs->count + 1, sizeof *pending);

    *count = 0;
    for (size_t i = 0; pending != NULL && i < inputs->count; i++)
        if (reading->result->outcomes[i].state == OUTCOME_PENDING) {
            pending[(*count)++] = (struct pipeline_input){inputs->items[i].fd, (uint32_t)i};
            if (!inputs->items[i].is_pipe)
                (void)lseek(inputs->items[i].fd, 0, SEEK_SET); /* an analyzer that died may have moved it */
        }
    return pending;
}

void analyzer_run_close_ways(struct analyzer_run *reading)
{
    event_ring_free(reading->ring);
    file_feed_free(reading->feed);
    reading->ring = NULL;
    reading->feed = NULL;
}

int analyzer_run_start(struct analyzer_run *reading, bool fed)
{
    size_t count = 0;
    pid_t recorder = getpid();
    struct pipeline_input *pending = NULL;

    reading->finished = reading->distrusted = false;
    if (reading->capture_rows != NULL)
        capture_rows_restart(reading->capture_rows);
    reading->started_ms = analyzer_run_now_ms();
    reading->analyzer = -1;
    reading->ring = event_ring_new();
    if (fed)
        reading->feed = file_feed_new();
    else
        pending = list_pending(reading, &count);
    if (reading->ring != NULL && (fed ? reading->feed != NULL : pending != NULL))
        reading->analyzer = fork();
    if (reading->analyzer == 0)
        be_analyzer(reading, pending, count, recorder);
    free(pending);
    if (reading->analyzer < 0) {
        analyzer_run_close_ways(reading);
        return -1;
    }
    event_ring_become_receiver(reading->ring, (uint32_t)reading->inputs->count, PIPELINE_MAX_CONNECTIONS);
    if (fed)
        file_feed_become_sender(reading->feed);
    return 0;
}

/* --- the parent --- */

void analyzer_run_give_up(struct analyzer_run *reading, const char *why)
{
    if (reading->result->store_failed)
        return;
    reading->result->store_failed = true;
    (void)snprintf(reading->result->why, sizeof reading->result->why, "%s", why);
    if (reading->ring != NULL)
        kill(reading->analyzer, SIGKILL);
}

void analyzer_run_store_failed(struct analyzer_run *reading)
{
    analyzer_run_give_up(reading, store_error(reading->store));
}

void analyzer_run_take(struct analyzer_run *reading, const struct event *event)
{
    enum capture_rows_status status;

    if (reading->result->store_failed || reading->distrusted)
        return;
    if (event->kind == EVENT_FINISHED) {
        reading->finished = true;
        event_finished_add(&reading->result->missed, &event->finished);
        return;
    }
    reading->uncommitted = true;
    status = capture_rows_take(reading->capture_rows, event);
    if (status == CAPTURE_ROWS_STORE) {
        analyzer_run_store_failed(reading);
    } else if (status == CAPTURE_ROWS_NONSENSE) {
        reading->distrusted = true;
        kill(reading->analyzer, SIGKILL);
    }
}

void analyzer_run_commit(struct analyzer_run *reading, int64_t every_ms)
{
    int64_t now = analyzer_run_now_ms();

    if (!reading->uncommitted || now - reading->committed_ms < every_ms || reading->result->store_failed)
        return;
    reading->committed_ms = now;
    reading->uncommitted = false;
    if (store_commit(reading->store) != STORE_OK)
        analyzer_run_store_failed(reading);
}

void analyzer_run_wait(struct analyzer_run *reading, char *cause, size_t size)
{
    int status = 0;

    while (waitpid(reading->analyzer, &status, 0) < 0 && errno == EINTR)
        ;
    if (reading->distrusted)
        (void)snprintf(cause, size, "the analyzer sent what makes no sense and was ended");
    else if (WIFSIGNALED(status))
        (void)snprintf(cause, size, "the analyzer died (%s)", strsignal(WTERMSIG(status)));
    else
        (void)snprintf(cause, size, "the analyzer gave up");
}

void analyzer_run_abandon(struct analyzer_run *reading)
{
    char ignored[160];

    kill(reading->analyzer, SIGKILL);
    analyzer_run_wait(reading, ignored, sizeof ignored);
    analyzer_run_close_ways(reading);
}

void analyzer_run_settle(struct analyzer_run *reading, const bool *which)
{
    struct recorder_result *result = reading->result;

    for (uint32_t i = 0; i < reading->inputs->count && !result->store_failed; i++)
        if (which[i] && result->outcomes[i].state != OUTCOME_PENDING &&
            capture_rows_settle(reading->capture_rows, i) != CAPTURE_ROWS_OK)
            analyzer_run_store_failed(reading);
    if (!result->store_failed && store_commit(reading->store) != STORE_OK)
        analyzer_run_store_failed(reading);
    reading->uncommitted = false;
}

void analyzer_run_end(struct analyzer_run *reading)
{
    analyzer_run_close_ways(reading);
    capture_rows_free(reading->capture_rows);
    reading->capture_rows = NULL;
}
