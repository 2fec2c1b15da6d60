/*
 * Follows a folder: gives the analyzer the octets of its files as they are written, one file after the other,
 * keeps what it reports, and never looks into the octets.
 */
#include "analyzer/recorder/analyzer_run.h"
#include "analyzer/recorder/folder.h"
#include "analyzer/recorder/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two commits. */
#define COMMIT_MS 500
/* Between two looks at what inotify reports of the folder: a busy file does so at each packet. */
#define LOOK_MS 50
/* How long the files that are there may be read on after the user asked for an end. */
#define DRAIN_MS 5000
/* An analyzer that dies before that, with nothing to read, did not die by chance. */
#define SHORT_LIFE_MS 1000
/* Pieces given before the events are looked at. */
#define PIECES 16

struct followed {
    struct folder_file *file; /* NULL: it is done */
    bool settled;
};

struct follower {
    struct analyzer_run reading;
    struct inputs *inputs;
    struct folder *folder;
    struct followed *followed; /* one an input */
    size_t room;
    struct digest *digest;  /* of what was fed of one file; NULL: files are not hashed */
    uint32_t hashed;        /* that input */
    uint64_t hashed_octets; /* of it, from its first on */
    uint32_t feeding;       /* the input that is fed, or else the first that is not yet */
    int64_t looked_ms;
    bool changed;  /* something happened in the folder */
    bool draining; /* the user asked for an end: what is there now is the last */
    int64_t drain_since_ms;
};

/* --- the files --- */

/* An input's file is not needed any more. */
static void let_go(struct follower *follower, uint32_t number, bool again)
{
    struct input *input = &follower->inputs->items[number];
    struct followed *followed = &follower->followed[number];

    if (followed->file == NULL)
        return;
    close(input->fd);
    input->fd = -1;
    folder_done(followed->file, again);
    followed->file = NULL;
}

/* Leaves out a file that the database has whole. Should it grow one day, it comes again. */
static void leave_out_known(struct follower *follower, uint32_t number)
{
    struct outcome *outcome = &follower->reading.result->outcomes[number];
    struct folder_file *file = follower->followed[number].file;
    char fingerprint[CAPTURE_FINGERPRINT_SIZE];
    enum store_state state;
    struct stat about;
    int64_t id = 0;

    if (fstat(file->fd, &about) != 0 ||
        fingerprint_of_range(file->fd, (uint64_t)about.st_size, fingerprint) != 0)
        return;
    if (store_find_capture(follower->reading.store, fingerprint, &id, &state) != STORE_OK) {
        analyzer_run_store_failed(&follower->reading);
    } else if (id != 0 && state == STORE_COMPLETE) {
        outcome->state = OUTCOME_KNOWN;
        outcome->id = id;
        follower->followed[number].settled = true;
        folder_taken(file, (uint64_t)about.st_size);
        let_go(follower, number, true);
    }
}

/* Makes the file an input. Returns 0, or -1 when out of memory. */
static int add(struct follower *follower, struct folder_file *file)
{
    struct analyzer_run *reading = &follower->reading;
    uint32_t number = (uint32_t)follower->inputs->count;

    if (number + 1 >= follower->room) {
        size_t room = follower->room ? follower->room * 2 : 64;
        struct followed *followed = realloc(follower->followed, room * sizeof *followed);
        struct outcome *outcomes = realloc(reading->result->outcomes, room * sizeof *outcomes);

        if (followed != NULL)
            follower->followed = followed;
        if (outcomes != NULL)
            reading->result->outcomes = outcomes;
        if (followed == NULL || outcomes == NULL)
            return -1;
        follower->room = room;
    }
    if (inputs_add_growing(follower->inputs, file->path, file->fd) != 0)
        return -1;
    memset(&reading->result->outcomes[number], 0, sizeof *reading->result->outcomes);
    reading->result->count = follower->inputs->count;
    follower->followed[number] = (struct followed){file, false};
    if (capture_rows_grow(reading->capture_rows, reading->result->outcomes) != 0)
        return -1;
    if (reading->ring != NULL)
        event_ring_expect(reading->ring, number + 1);
    leave_out_known(follower, number);
    return 0;
}

/* Has `feeding` be an input that is to be fed. False: there is none for now, or no memory. */
static bool have_input(struct follower *follower)
{
    for (;;) {
        const struct outcome *outcomes = follower->reading.result->outcomes;
        struct folder_file *file;

        while (follower->feeding < follower->inputs->count &&
               outcomes[follower->feeding].state != OUTCOME_PENDING)
            follower->feeding++;
        if (follower->feeding < follower->inputs->count)
            return true;
        file = folder_next(follower->folder);
        if (file == NULL)
            return false;
        if (add(follower, file) != 0) {
            analyzer_run_give_up(&follower->reading, "out of memory");
            return false;
        }
    }
}

static void settle(struct follower *follower, uint32_t number)
{
    /* one that is known goes at the end: the analyzer may still report its connections */
    if (!capture_rows_is_known(follower->reading.capture_rows, number)) {
        follower->followed[number].settled = true;
        if (capture_rows_settle(follower->reading.capture_rows, number) != CAPTURE_ROWS_OK)
            analyzer_run_store_failed(&follower->reading);
    }
    let_go(follower, number, false);
}

/* --- feeding --- */

/* Hashes the next octets that are fed of an input. */
static void hash_piece(struct follower *follower, uint64_t before, const void *octets, size_t length)
{
    if (follower->digest == NULL)
        return;
    if (before == 0) {
        digest_restart(follower->digest);
        follower->hashed = follower->feeding;
        follower->hashed_octets = 0;
    }
    if (follower->hashed != follower->feeding || follower->hashed_octets != before)
        return;
    digest_feed(follower->digest, octets, length);
    follower->hashed_octets += length;
}

/* Nothing can follow in the file: what was hashed is all of it, unless it was written over meanwhile. */
static void finish_hash(struct follower *follower, uint32_t number)
{
    struct input *input = &follower->inputs->items[number];
    struct stat about;

    if (follower->digest != NULL && follower->hashed == number && follower->hashed_octets > 0 &&
        follower->hashed_octets == input->octets && fstat(input->fd, &about) == 0 &&
        (uint64_t)about.st_size == input->octets)
        digest_finish(follower->digest, input->sha256);
}

static void end_input(struct follower *follower, enum file_feed_end end)
{
    uint32_t number = follower->feeding++;

    if (end == FILE_FEED_WHOLE)
        finish_hash(follower, number);
    if (follower->followed[number].file->taken > 0) {
        (void)file_feed_give_end(follower->reading.feed, number, end);
        return;
    }
    /* it became empty before it was read */
    follower->reading.result->outcomes[number].state = OUTCOME_READ;
    follower->followed[number].settled = true;
    let_go(follower, number, true);
}

/* Nothing more is in the file: that is its end when nothing more will come. */
static bool end_if_over(struct follower *follower, struct folder_file *file)
{
    if (follower->draining)
        end_input(follower, file->writer == FOLDER_WRITER_CLOSED ? FILE_FEED_WHOLE : FILE_FEED_UNFINISHED);
    else if (folder_has_next(follower->folder) && folder_is_over(file))
        end_input(follower, FILE_FEED_WHOLE);
    else
        return false;
    return true;
}

/* Gives the analyzer the next piece, or says that a file has ended. False: there is nothing to give, or no
 * room for it. */
static bool file_feed_some(struct follower *follower)
{
    struct file_feed *feed = follower->reading.feed;
    struct folder_file *file;
    ssize_t n;

    if (file_feed_is_busy(feed) && (!file_feed_push(feed) || file_feed_is_busy(feed)))
        return false;
    if (!have_input(follower))
        return false;
    file = follower->followed[follower->feeding].file;
    if (folder_was_replaced(file)) {
        end_input(follower, FILE_FEED_UNFINISHED);
        return true;
    }
    do
        n = pread(file->fd, file_feed_room(feed), FILE_FEED_PIECE, (off_t)file->taken);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return end_if_over(follower, file);
    hash_piece(follower, file->taken, file_feed_room(feed), (size_t)n);
    folder_taken(file, file->taken + (uint64_t)n);
    follower->inputs->items[follower->feeding].octets = file->taken;
    (void)file_feed_give(feed, follower->feeding, (size_t)n);
    return true;
}

/* --- the analyzer --- */

/* Takes all events that are there. False: the analyzer is gone. */
static bool take_events(struct follower *follower)
{
    struct analyzer_run *reading = &follower->reading;
    struct event event;

    for (;;) {
        switch (event_ring_receive(reading->ring, &event, 0)) {
        case EVENT_RING_EVENT:
            analyzer_run_take(reading, &event);
            if (event.kind == EVENT_CAPTURE_ENDED && !reading->distrusted && !reading->result->store_failed)
                settle(follower, event.capture.capture);
            break;
        case EVENT_RING_QUIET:
            return true;
        case EVENT_RING_BROKEN:
            reading->distrusted = true;
            kill(reading->analyzer, SIGKILL);
            return false;
        default:
            return false;
        }
    }
}

/* The analyzer died: the file it was in is given up, those that it had been given beyond are given again. */
static void blame(struct follower *follower, const char *cause)
{
    struct analyzer_run *reading = &follower->reading;
    const struct event_ring_figures *figures = event_ring_figures(reading->ring);
    struct outcome *outcomes = reading->result->outcomes;
    uint32_t crashed = atomic_load(&figures->capture), first = 0;
    uint64_t frame = atomic_load(&figures->frame);
    bool stopped = reading->result->stopped;

    while (first < follower->inputs->count && outcomes[first].state != OUTCOME_PENDING)
        first++;
    if (crashed >= follower->inputs->count || outcomes[crashed].state != OUTCOME_PENDING) {
        crashed = first;
        frame = 0;
    }
    /* where nothing that it was given can be the cause, the next one may fare no better */
    if (crashed >= follower->inputs->count && !stopped &&
        analyzer_run_now_ms() - reading->started_ms < SHORT_LIFE_MS)
        analyzer_run_give_up(reading, cause);
    for (uint32_t i = first; i < follower->inputs->count; i++) {
        if (outcomes[i].state != OUTCOME_PENDING)
            continue;
        if (i == crashed) {
            outcomes[i].state = stopped ? OUTCOME_STOPPED : OUTCOME_DIED;
            outcome_set_error(&outcomes[i], "%s in frame %llu; what came before it is kept",
                              stopped ? "the reading was stopped" : cause, (unsigned long long)frame);
            continue;
        }
        if (outcomes[i].id != 0 && store_capture_remove(reading->store, outcomes[i].id) != STORE_OK)
            analyzer_run_store_failed(reading);
        outcomes[i].id = 0;
        follower->inputs->items[i].octets = 0;
        folder_taken(follower->followed[i].file, 0);
    }
    follower->feeding = first;
}

/* Settles what is known of the files that were read. Returns 0, or -1 when out of memory. */
static int settle_rest(struct follower *follower)
{
    size_t count = follower->inputs->count;
    bool *which = calloc(count + 1, sizeof *which);

    if (which == NULL)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (follower->reading.result->outcomes[i].state != OUTCOME_PENDING) {
            which[i] = !follower->followed[i].settled;
            follower->followed[i].settled = true;
        }
    analyzer_run_settle(&follower->reading, which);
    for (uint32_t i = 0; i < count; i++)
        if (which[i])
            let_go(follower, i, false);
    free(which);
    return 0;
}

/* --- the loop --- */

/* The user asked for an end: what is there now is read, if that does not take long. */
static void drain(struct follower *follower)
{
    struct analyzer_run *reading = &follower->reading;
    int64_t now = analyzer_run_now_ms();

    if (!follower->draining) {
        follower->draining = true;
        follower->drain_since_ms = now;
        (void)folder_look(follower->folder, true);
    }
    if (now - follower->drain_since_ms >= DRAIN_MS + ANALYZER_RUN_STOP_MS)
        kill(reading->analyzer, SIGKILL);
    if (now - follower->drain_since_ms < DRAIN_MS) {
        if (!file_feed_is_busy(reading->feed) && !have_input(follower))
            file_feed_close(reading->feed);
        return;
    }
    reading->result->stopped = true;
    atomic_store(&event_ring_figures(reading->ring)->stop, true);
    file_feed_close(reading->feed);
}

/* Looks into the folder when something happened in it, or it is time. */
static void look(struct follower *follower)
{
    int64_t now = analyzer_run_now_ms();

    if (follower->draining || now - follower->looked_ms < LOOK_MS ||
        !(follower->changed || now >= folder_next_look_ms(follower->folder)))
        return;
    follower->looked_ms = now;
    follower->changed = false;
    if (folder_look(follower->folder, false) != 0)
        analyzer_run_give_up(&follower->reading, "out of memory");
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Waits until there may be something to do. */
static void wait_for_something(struct follower *follower)
{
    const struct analyzer_run *reading = &follower->reading;
    int64_t now = analyzer_run_now_ms(), until = folder_next_look_ms(follower->folder);
    bool busy = file_feed_is_busy(reading->feed);
    struct pollfd ready[] = {
        {event_ring_receiver_fd(reading->ring), POLLIN, 0},
        {busy ? file_feed_sender_fd(reading->feed) : -1, POLLOUT, 0},
        {follower->changed || follower->draining ? -1 : folder_fd(follower->folder), POLLIN, 0},
    };

    if (follower->changed)
        until = follower->looked_ms + LOOK_MS;
    if (follower->draining)
        until = now + LOOK_MS;
    if (reading->uncommitted)
        until = sooner(until, reading->committed_ms + COMMIT_MS);
    if (poll(ready, sizeof ready / sizeof ready[0], until <= now ? 0 : (int)sooner(until - now, 1000)) > 0 &&
        ready[2].revents != 0)
        follower->changed = true;
}

/* Feeds the analyzer and takes its events until it is gone. */
static void serve(struct follower *follower)
{
    struct analyzer_run *reading = &follower->reading;
    bool open = true;

    for (;;) {
        int pieces = 0;

        look(follower);
        while (open && pieces < PIECES && file_feed_some(follower))
            pieces++;
        if (!take_events(follower))
            return;
        analyzer_run_commit(reading, COMMIT_MS);
        progress_draw(&reading->progress, event_ring_figures(reading->ring));
        if (analyzer_run_stop_asked())
            drain(follower);
        open = file_feed_sender_fd(reading->feed) >= 0;
        if (pieces < PIECES)
            wait_for_something(follower);
    }
}

static int follow(struct follower *follower)
{
    struct analyzer_run *reading = &follower->reading;
    bool more = true;

    while (more) {
        char cause[160];

        if (analyzer_run_start(reading, true) != 0)
            return -1;
        serve(follower);
        analyzer_run_wait(reading, cause, sizeof cause);
        if (!reading->finished || reading->distrusted || reading->result->stopped)
            blame(follower, cause);
        analyzer_run_close_ways(reading);
        if (settle_rest(follower) != 0)
            return -1;
        more = !reading->result->stopped && !reading->result->store_failed &&
               (!follower->draining || have_input(follower));
    }
    return 0;
}

int recorder_follow(struct store *store, const char *path, struct inputs *inputs,
                    const struct pipeline_options *options, bool show_progress, FILE *errors,
                    struct recorder_result *result)
{
    struct follower follower = {.inputs = inputs};
    struct analyzer_run *reading = &follower.reading;
    int status = -1;

    *reading = (struct analyzer_run){.inputs = inputs, .options = *options, .result = result};
    if (analyzer_run_prepare(reading) != 0 || analyzer_run_begin(reading, store) != 0)
        return -1;
    follower.folder = folder_open(path);
    if (follower.folder == NULL) {
        fprintf(errors, "imaptap: %s: cannot be followed: %s\n", path, strerror(errno));
        inputs->failed++;
        analyzer_run_end(reading);
        return 0;
    }
    if (options->hash)
        follower.digest = digest_new();
    signal(SIGPIPE, SIG_IGN);
    progress_start(&reading->progress, show_progress, 0);
    status = follow(&follower);
    progress_end(&reading->progress);
    signal(SIGPIPE, SIG_DFL);
    if (result->stopped && folder_has_next(follower.folder))
        fprintf(errors, "imaptap: %s: the reading was stopped before all of its files were read\n", path);
    inputs->skipped = folder_left_out(follower.folder);
    inputs->grown = folder_grown(follower.folder);
    analyzer_run_end(reading);
    for (size_t i = 0; i < inputs->count; i++)
        if (follower.followed[i].file != NULL)
            follower.followed[i].file->fd = -1; /* it is the input's */
    free(follower.followed);
    digest_free(follower.digest);
    folder_close(follower.folder);
    return status;
}
