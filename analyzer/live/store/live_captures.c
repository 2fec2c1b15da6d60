/*
 * The rows of `captures` that a live capture keeps.
 */
#include "analyzer/live/store/live_captures.h"

#include "analyzer/capture/link_type.h"
#include "analyzer/recorder/run_facts.h"

#include <stdlib.h>
#include <string.h>

struct capture {
    bool started, over;
    bool made, ended;                /* since the last commit */
    int64_t id;                      /* 0: it has no row yet */
    int64_t lost;                    /* octets, in this row */
    int64_t lost_before;             /* as of the last commit */
    struct live_store_figures base;  /* what rows in other files have of it */
    struct live_store_figures shown; /* what the row says */
    int64_t waiting, waiting_shown;  /* events, at most; and what the row says of it */
};

struct live_captures {
    struct live_store_options options;
    struct capture *captures; /* a worker's interfaces, one worker after the other */
    size_t count;
    int64_t *ids;
    size_t id_count, id_room;
};

struct live_captures *live_captures_new(const struct live_store_options *options)
{
    struct live_captures *captures = calloc(1, sizeof *captures);

    if (captures == NULL)
        return NULL;
    captures->options = *options;
    captures->count = options->interface_count * options->workers;
    captures->captures = calloc(captures->count, sizeof *captures->captures);
    if (captures->captures == NULL) {
        free(captures);
        return NULL;
    }
    return captures;
}

/* NULL: there is no such interface. */
static struct capture *capture_of(struct live_captures *captures, unsigned worker, unsigned interface)
{
    if (interface >= captures->options.interface_count)
        return NULL;
    return &captures->captures[worker * captures->options.interface_count + interface];
}

static struct live_store_figures figures_of(const struct live_captures *captures,
                                            const struct capture *capture)
{
    size_t number = (size_t)(capture - captures->captures);
    struct live_store_figures figures;

    captures->options.figures(captures->options.user, (unsigned)(number / captures->options.interface_count),
                              (unsigned)(number % captures->options.interface_count), &figures);
    return figures;
}

/* What is not in rows of other files. */
static struct live_store_figures since_base(struct live_store_figures figures,
                                            const struct live_store_figures *base)
{
    figures.packets -= base->packets;
    figures.octets -= base->octets;
    figures.kernel_drops -= base->kernel_drops;
    figures.interface_drops -= base->interface_drops;
    figures.evicted -= base->evicted;
    if (figures.packets <= 0)
        figures.first_ns = figures.last_ns = -1;
    else if (base->packets > 0)
        figures.first_ns = base->last_ns; /* the next frame's time was not kept: it is hardly later */
    return figures;
}

static struct store_capture row_of(const struct live_captures *captures, const struct capture *capture,
                                   const struct live_store_figures *figures, enum store_state state,
                                   const char *error, char link_type[LINK_TYPE_NAME_SIZE])
{
    size_t interface = (size_t)(capture - captures->captures) % captures->options.interface_count;

    link_type[0] = '\0';
    if (figures->link_type >= 0)
        link_type_name((int)figures->link_type, link_type);
    return (struct store_capture){
        .source = captures->options.interfaces[interface],
        .kind = STORE_LIVE,
        .link_types = link_type,
        .packets = figures->packets,
        .bytes = figures->octets,
        .kernel_drops = figures->kernel_drops,
        .interface_drops = figures->interface_drops,
        .first_ns = figures->first_ns,
        .last_ns = figures->last_ns,
        .state = state,
        .error = error,
        .size = -1,
        .lost_octets = capture->lost,
        .evicted = figures->evicted,
        .read_ns = -1,
        .events_waiting = capture->waiting,
    };
}

void live_captures_start(struct live_captures *captures, unsigned worker, unsigned interface)
{
    struct capture *capture = capture_of(captures, worker, interface);

    if (capture != NULL && (!capture->started || capture->over))
        *capture = (struct capture){.started = true};
}

/* Returns false when out of memory. */
static bool keep_id(struct live_captures *captures, int64_t id)
{
    if (captures->id_count == captures->id_room) {
        size_t room = captures->id_room ? captures->id_room * 2 : 16;
        int64_t *larger = realloc(captures->ids, room * sizeof *larger);

        if (larger == NULL)
            return false;
        captures->ids = larger;
        captures->id_room = room;
    }
    captures->ids[captures->id_count++] = id;
    return true;
}

int live_captures_row(struct live_captures *captures, struct store *store, unsigned worker,
                      unsigned interface, int64_t *id)
{
    static const struct live_store_figures none = {.first_ns = -1, .last_ns = -1, .link_type = -1};
    struct capture *capture = capture_of(captures, worker, interface);
    char link_type[LINK_TYPE_NAME_SIZE];
    struct store_capture row;
    int status;

    *id = 0;
    if (capture == NULL || !capture->started)
        return STORE_OK;
    if (capture->id == 0 && !capture->over) {
        row = row_of(captures, capture, &none, STORE_RUNNING, NULL, link_type);
        row.read_ns = run_facts_now();
        status = store_capture_begin(store, &row, &capture->id);
        if (status != STORE_OK)
            return status;
        capture->made = true;
        capture->shown = none;
        (void)keep_id(captures, capture->id); /* if it fails, the capture is only missing in the summary */
    }
    *id = capture->id;
    return STORE_OK;
}

int live_captures_lost(struct live_captures *captures, struct store *store, unsigned worker,
                       unsigned interface, int64_t octets)
{
    struct capture *capture = capture_of(captures, worker, interface);

    if (capture == NULL || __builtin_add_overflow(capture->lost, octets, &capture->lost))
        return STORE_OK;
    return capture->over || capture->ended ? store_capture_lost(store, capture->id, octets) : STORE_OK;
}

int live_captures_end(struct live_captures *captures, struct store *store, unsigned worker,
                      const struct event_capture *event)
{
    struct capture *capture = capture_of(captures, worker, event->capture);
    struct live_store_figures figures;
    char link_type[LINK_TYPE_NAME_SIZE];
    struct store_capture row;
    int64_t id;
    int status;

    status = live_captures_row(captures, store, worker, event->capture, &id);
    if (status != STORE_OK || id == 0)
        return status;
    figures = (struct live_store_figures){
        .packets = event->packets,
        .octets = event->bytes,
        .evicted = event->evicted,
        .kernel_drops = event->kernel_drops,
        .interface_drops = event->interface_drops,
        .first_ns = event->first_ns,
        .last_ns = event->last_ns,
        .link_type = figures_of(captures, capture).link_type,
    };
    figures = since_base(figures, &capture->base);
    row = row_of(captures, capture, &figures, event->broken ? STORE_BROKEN : STORE_COMPLETE,
                 event->error[0] ? event->error : NULL, link_type);
    capture->ended = true;
    return store_capture_update(store, capture->id, &row);
}

static int write(struct live_captures *captures, struct store *store, enum store_state state)
{
    for (size_t i = 0; i < captures->count; i++) {
        struct capture *capture = &captures->captures[i];
        struct live_store_figures figures;
        char link_type[LINK_TYPE_NAME_SIZE];
        struct store_capture row;
        int status;

        if (!capture->started || capture->over || capture->ended || capture->id == 0)
            continue;
        figures = figures_of(captures, capture);
        figures = since_base(figures, &capture->base);
        if (state == STORE_RUNNING && capture->lost == capture->lost_before &&
            capture->waiting == capture->waiting_shown &&
            memcmp(&figures, &capture->shown, sizeof figures) == 0)
            continue;
        row = row_of(captures, capture, &figures, state, NULL, link_type);
        status = store_capture_update(store, capture->id, &row);
        if (status != STORE_OK)
            return status;
        capture->shown = figures;
        capture->waiting_shown = capture->waiting;
    }
    return STORE_OK;
}

void live_captures_waiting(struct live_captures *captures, size_t events)
{
    for (size_t i = 0; i < captures->count; i++)
        if ((int64_t)events > captures->captures[i].waiting)
            captures->captures[i].waiting = (int64_t)events;
}

int live_captures_update(struct live_captures *captures, struct store *store)
{
    return write(captures, store, STORE_RUNNING);
}

int live_captures_settle(struct live_captures *captures, struct store *store)
{
    return write(captures, store, STORE_COMPLETE);
}

void live_captures_begin_again(struct live_captures *captures)
{
    for (size_t i = 0; i < captures->count; i++)
        if (captures->captures[i].started) {
            captures->captures[i].base = figures_of(captures, &captures->captures[i]);
            captures->captures[i].id = captures->captures[i].lost = 0;
        }
    captures->id_count = 0;
}

void live_captures_committed(struct live_captures *captures)
{
    for (size_t i = 0; i < captures->count; i++) {
        struct capture *capture = &captures->captures[i];

        capture->over = capture->over || capture->ended;
        capture->made = capture->ended = false;
        capture->lost_before = capture->lost;
    }
}

void live_captures_rolled_back(struct live_captures *captures)
{
    for (size_t i = 0; i < captures->count; i++) {
        struct capture *capture = &captures->captures[i];

        if (capture->made) {
            capture->id = 0;
            captures->id_count--;
        }
        capture->lost = capture->lost_before;
        capture->shown.packets = -1; /* the row may say less */
        capture->made = capture->ended = false;
    }
}

const int64_t *live_captures_ids(const struct live_captures *captures, size_t *count)
{
    *count = captures->id_count;
    return captures->ids;
}

void live_captures_free(struct live_captures *captures)
{
    if (captures == NULL)
        return;
    free(captures->captures);
    free(captures->ids);
    free(captures);
}
