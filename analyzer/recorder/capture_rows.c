/*
 * Keeps events in the database.
 */
#include "analyzer/recorder/capture_rows.h"

#include "analyzer/recorder/event_rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct capture_rows {
    struct store *store;
    const struct inputs *inputs;
    const struct beginnings *beginnings;
    struct outcome *outcomes;
    struct event_capture **ended; /* one an input, from its end until it is settled; else NULL */
    size_t ended_count;
    struct event_rows *rows;
};

struct capture_rows *capture_rows_new(struct store *store, const struct inputs *inputs,
                                      const struct beginnings *beginnings, struct outcome *outcomes)
{
    struct capture_rows *capture_rows = calloc(1, sizeof *capture_rows);

    if (capture_rows == NULL)
        return NULL;
    capture_rows->store = store;
    capture_rows->inputs = inputs;
    capture_rows->beginnings = beginnings;
    capture_rows->rows = event_rows_new(false);
    if (capture_rows->rows == NULL || capture_rows_grow(capture_rows, outcomes) != 0) {
        capture_rows_free(capture_rows);
        return NULL;
    }
    return capture_rows;
}

int capture_rows_grow(struct capture_rows *capture_rows, struct outcome *outcomes)
{
    size_t count = capture_rows->inputs->count;
    struct event_capture **larger =
        realloc(capture_rows->ended, (count + 1) * sizeof(struct event_capture *));

    if (larger == NULL)
        return -1;
    for (size_t i = capture_rows->ended_count; i < count; i++)
        larger[i] = NULL;
    capture_rows->ended = larger;
    capture_rows->ended_count = count;
    capture_rows->outcomes = outcomes;
    return 0;
}

void capture_rows_restart(struct capture_rows *capture_rows)
{
    event_rows_forget(capture_rows->rows);
}

/* True when another capture has this fingerprint, and is complete. */
static bool is_taken(struct capture_rows *capture_rows, const char *fingerprint, int64_t id)
{
    enum store_state state;
    int64_t known;

    return store_find_capture(capture_rows->store, fingerprint, &known, &state) == STORE_OK && known != 0 &&
           known != id && state == STORE_COMPLETE;
}

/* The fingerprint of what was fed so far of an input that grows; NULL: there is none for it alone. */
static const char *fingerprint_so_far(struct capture_rows *capture_rows, const struct input *input,
                                      int64_t id, char text[CAPTURE_FINGERPRINT_SIZE])
{
    if (fingerprint_of_range(input->fd, input->octets, text) != 0 || is_taken(capture_rows, text, id))
        return NULL;
    return text;
}

static bool is_beginning(void *user, int64_t bytes, const char *fingerprint)
{
    const struct input *input = user;
    char text[CAPTURE_FINGERPRINT_SIZE];

    return fingerprint_of_range(input->fd, (uint64_t)bytes, text) == 0 && strcmp(text, fingerprint) == 0;
}

/* What was kept of the file when it was shorter goes: it is read from its start. */
static enum capture_rows_status remove_shorter(struct capture_rows *capture_rows, struct input *input)
{
    const char *name = strrchr(input->name, '/');
    struct stat about;
    int64_t id = 0;

    if (input->is_pipe || fstat(input->fd, &about) != 0)
        return CAPTURE_ROWS_OK;
    if (store_find_grown(capture_rows->store, name == NULL ? input->name : name + 1, about.st_size,
                         is_beginning, input, &id) != STORE_OK)
        return CAPTURE_ROWS_STORE;
    if (id == 0)
        return CAPTURE_ROWS_OK;
    return store_capture_remove(capture_rows->store, id) == STORE_OK ? CAPTURE_ROWS_OK : CAPTURE_ROWS_STORE;
}

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static enum capture_rows_status begin_capture(struct capture_rows *capture_rows, uint32_t number)
{
    struct input *input = &capture_rows->inputs->items[number];
    struct outcome *outcome = &capture_rows->outcomes[number];
    char so_far[CAPTURE_FINGERPRINT_SIZE];
    struct store_capture row = {
        .source = input->name,
        .kind = STORE_FILE,
        .fingerprint = input->is_pipe || input->packed ? NULL : input->fingerprint,
        .packed_fingerprint = input->packed ? input->fingerprint : NULL,
        .link_types = "",
        .kernel_drops = -1,
        .interface_drops = -1,
        .first_ns = -1,
        .last_ns = -1,
        .state = STORE_RUNNING,
        .size = input->is_pipe || input->grows ? -1 : (int64_t)input->octets,
        .lost_octets = -1,
        .evicted = -1,
        .read_ns = now_ns(),
        .events_waiting = -1,
    };

    if (outcome->state != OUTCOME_PENDING || outcome->id != 0)
        return CAPTURE_ROWS_NONSENSE;
    if (remove_shorter(capture_rows, input) != CAPTURE_ROWS_OK)
        return CAPTURE_ROWS_STORE;
    if (input->grows) {
        row.fingerprint = fingerprint_so_far(capture_rows, input, 0, so_far);
        row.bytes = (int64_t)input->octets;
    }
    outcome->lost_octets = 0;
    outcome->evicted = -1;
    return store_capture_begin(capture_rows->store, &row, &outcome->id) == STORE_OK ? CAPTURE_ROWS_OK
                                                                                    : CAPTURE_ROWS_STORE;
}

static enum capture_rows_status end_capture(struct capture_rows *capture_rows,
                                            const struct event_capture *facts)
{
    struct event_capture *kept;
    struct outcome *outcome = &capture_rows->outcomes[facts->capture];

    if (outcome->id == 0 || outcome->state != OUTCOME_PENDING)
        return CAPTURE_ROWS_NONSENSE;
    kept = malloc(sizeof *kept);
    if (kept == NULL)
        return CAPTURE_ROWS_NONSENSE;
    *kept = *facts;
    capture_rows->ended[facts->capture] = kept;
    outcome->packets = facts->packets;
    outcome->evicted = facts->evicted;
    outcome->bytes = facts->bytes;
    outcome->first_ns = facts->first_ns;
    outcome->last_ns = facts->last_ns;
    outcome->state = facts->broken ? OUTCOME_BROKEN : OUTCOME_READ;
    if (facts->broken && facts->foreign && facts->packets == 0)
        outcome->state = OUTCOME_FOREIGN;
    if (facts->broken)
        outcome_set_error(outcome, "%s", facts->error);
    return CAPTURE_ROWS_OK;
}

/* A loss counts for the capture that its connection began in, also when that is settled already. */
static enum capture_rows_status count_lost(struct capture_rows *capture_rows, uint32_t capture, int64_t more)
{
    struct outcome *outcome = &capture_rows->outcomes[capture];

    if (more < 0 || __builtin_add_overflow(outcome->lost_octets, more, &outcome->lost_octets))
        return CAPTURE_ROWS_NONSENSE;
    if (!outcome->settled || more == 0)
        return CAPTURE_ROWS_OK;
    return store_capture_lost(capture_rows->store, outcome->id, more) == STORE_OK ? CAPTURE_ROWS_OK
                                                                                  : CAPTURE_ROWS_STORE;
}

static enum capture_rows_status of_rows(enum event_rows_status status)
{
    if (status == EVENT_ROWS_STORE)
        return CAPTURE_ROWS_STORE;
    return status == EVENT_ROWS_OK ? CAPTURE_ROWS_OK : CAPTURE_ROWS_NONSENSE;
}

static enum capture_rows_status take_connection(struct capture_rows *capture_rows,
                                                const struct event_connection *event)
{
    int64_t more_lost = 0;
    enum capture_rows_status status =
        of_rows(event_rows_take_connection(capture_rows->rows, capture_rows->store,
                                           capture_rows->outcomes[event->capture].id, event, &more_lost));

    return status == CAPTURE_ROWS_OK ? count_lost(capture_rows, event->capture, more_lost) : status;
}

enum capture_rows_status capture_rows_take(struct capture_rows *capture_rows, const struct event *event)
{
    switch (event->kind) {
    case EVENT_CAPTURE_STARTED:
        return begin_capture(capture_rows, event->capture.capture);
    case EVENT_CAPTURE_ENDED:
        return end_capture(capture_rows, &event->capture);
    case EVENT_CONNECTION:
        return take_connection(capture_rows, &event->connection);
    case EVENT_LOGIN:
        return of_rows(event_rows_take_login(capture_rows->rows, capture_rows->store,
                                             capture_rows->outcomes[event->login.login.begin.capture].id,
                                             &event->login, NULL));
    case EVENT_AFTER:
        return of_rows(event_rows_take_after(capture_rows->rows, capture_rows->store, &event->after));
    default:
        return CAPTURE_ROWS_OK;
    }
}

bool capture_rows_is_known(struct capture_rows *capture_rows, uint32_t capture)
{
    const struct event_capture *facts = capture_rows->ended[capture];
    const struct outcome *outcome = &capture_rows->outcomes[capture];

    return facts != NULL && outcome->state == OUTCOME_READ &&
           is_taken(capture_rows, facts->fingerprint, outcome->id);
}

/* Whether the row is of an input that is still to be settled. */
static bool is_awaited(const struct capture_rows *capture_rows, int64_t id)
{
    for (size_t i = 0; i < capture_rows->inputs->count; i++)
        if (capture_rows->outcomes[i].id == id && !capture_rows->outcomes[i].settled)
            return true;
    return false;
}

/* What `facts` say of the content is known only now that all of it was read (a pipe, and what is compressed),
 * or came to be known meanwhile (a copy that was read beside it): when it is in the database already, what
 * was just kept goes again. */
static enum capture_rows_status settle_content(struct capture_rows *capture_rows, struct outcome *outcome,
                                               const struct event_capture *facts, bool *known)
{
    const char *packed = facts->packed_fingerprint[0] == '\0' ? NULL : facts->packed_fingerprint;
    int64_t id = 0;
    enum store_state state;
    int status = store_find_capture(capture_rows->store, facts->fingerprint, &id, &state);

    if (status == STORE_OK && id == 0 && packed != NULL)
        status = store_find_capture(capture_rows->store, packed, &id, &state);
    if (status != STORE_OK || id == 0 || id == outcome->id)
        return status == STORE_OK ? CAPTURE_ROWS_OK : CAPTURE_ROWS_STORE;
    if (state != STORE_COMPLETE)
        status = is_awaited(capture_rows, id) ? store_capture_unprint(capture_rows->store, id)
                                              : store_capture_remove(capture_rows->store, id);
    else
        status = store_capture_remove(capture_rows->store, outcome->id);
    if (status == STORE_OK && state == STORE_COMPLETE) {
        outcome->id = id;
        outcome->state = OUTCOME_KNOWN;
        *known = true;
        if (packed != NULL)
            status = store_capture_packed(capture_rows->store, id, packed);
    }
    return status == STORE_OK ? CAPTURE_ROWS_OK : CAPTURE_ROWS_STORE;
}

/* The SHA-256 of the whole capture; NULL: it is not known. */
static const char *sha256_of(const struct input *input, const struct event_capture *facts)
{
    const char *text = input->is_pipe ? facts->sha256 : input->sha256;

    return digest_is_text(text) ? text : NULL;
}

/* A stream that is another one than was expected was cut, or changed, on its way. */
static void compare_expected(const struct capture_rows *capture_rows, const struct input *input,
                             const struct event_capture *facts, struct outcome *outcome)
{
    const struct expectation *expected = &capture_rows->inputs->expected;
    const char *sha256 = sha256_of(input, facts);

    if (!input->is_standard || outcome->state != OUTCOME_READ)
        return;
    if (expected->octets > 0 && facts->bytes != expected->octets)
        outcome_set_error(outcome, "is not what was expected: %lld octets came, not %lld",
                          (long long)facts->bytes, (long long)expected->octets);
    else if (expected->sha256 != NULL && strcmp(sha256 == NULL ? "" : sha256, expected->sha256) != 0)
        outcome_set_error(outcome, "is not what was expected: its SHA-256 is %s",
                          sha256 == NULL ? "not known" : sha256);
    else
        return;
    outcome->state = OUTCOME_BROKEN;
}

/* Whether the file is another one than when it was opened. */
static bool has_changed(const struct input *input, const struct event_capture *facts)
{
    const char *on_disk = input->packed ? facts->packed_fingerprint : facts->fingerprint;

    return !input->is_pipe && !input->grows && strcmp(on_disk, input->fingerprint) != 0;
}

/* What is no capture leaves no row, nor what is there already. */
static enum capture_rows_status remove_row(struct capture_rows *capture_rows, struct outcome *outcome)
{
    int64_t id = outcome->id;

    outcome->id = 0;
    return store_capture_remove(capture_rows->store, id) == STORE_OK ? CAPTURE_ROWS_OK : CAPTURE_ROWS_STORE;
}

static enum capture_rows_status settle(struct capture_rows *capture_rows, uint32_t capture,
                                       const struct event_capture *facts)
{
    const struct input *input = &capture_rows->inputs->items[capture];
    struct outcome *outcome = &capture_rows->outcomes[capture];
    char so_far[CAPTURE_FINGERPRINT_SIZE];
    struct store_capture row = {
        .source = input->name,
        .kind = STORE_FILE,
        .fingerprint = input->is_pipe || input->packed ? NULL : input->fingerprint,
        .packed_fingerprint = input->packed ? input->fingerprint : NULL,
        .link_types = facts->link_types,
        .packets = facts->packets,
        .bytes = input->grows ? (int64_t)input->octets : facts->bytes,
        .kernel_drops = -1,
        .interface_drops = -1,
        .first_ns = facts->first_ns,
        .last_ns = facts->last_ns,
        .state = outcome->state == OUTCOME_READ ? STORE_COMPLETE : STORE_BROKEN,
        .error = outcome->state == OUTCOME_READ ? NULL : outcome->error,
        .size = input->is_pipe ? outcome->bytes : (int64_t)input->octets,
        .sha256 = sha256_of(input, facts),
        .lost_octets = outcome->lost_octets,
        .evicted = outcome->evicted,
        .read_ns = -1,
        .events_waiting = -1,
    };
    bool known = false;

    if (input->is_pipe && beginnings_remove(capture_rows->beginnings, capture_rows->store, facts->marks_met,
                                            outcome->id) != STORE_OK)
        return CAPTURE_ROWS_STORE;
    if (outcome->state == OUTCOME_READ && has_changed(input, facts)) {
        outcome->state = OUTCOME_BROKEN;
        outcome_set_error(outcome,
                          "changed while it was read: read it again when nothing writes to it any more");
        row.state = STORE_BROKEN;
        row.error = outcome->error;
    } else if (outcome->state == OUTCOME_READ) {
        row.fingerprint = facts->fingerprint;
        if (facts->packed_fingerprint[0] != '\0')
            row.packed_fingerprint = facts->packed_fingerprint;
        if (settle_content(capture_rows, outcome, facts, &known) != CAPTURE_ROWS_OK)
            return CAPTURE_ROWS_STORE;
        if (known)
            return CAPTURE_ROWS_OK;
    } else if (input->is_pipe && outcome->state == OUTCOME_BROKEN) {
        /* by it the whole stream knows what this part of it left */
        row.fingerprint = facts->fingerprint[0] == '\0' ? NULL : facts->fingerprint;
        row.packed_fingerprint = facts->packed_fingerprint[0] == '\0' ? NULL : facts->packed_fingerprint;
        if (row.fingerprint != NULL && is_taken(capture_rows, row.fingerprint, outcome->id))
            return remove_row(capture_rows, outcome);
    } else if (input->grows && facts->fingerprint[0] != '\0') {
        row.fingerprint = is_taken(capture_rows, facts->fingerprint, outcome->id) ? NULL : facts->fingerprint;
    } else if (input->grows) {
        row.fingerprint = fingerprint_so_far(capture_rows, input, outcome->id, so_far);
    }
    return store_capture_update(capture_rows->store, outcome->id, &row) == STORE_OK ? CAPTURE_ROWS_OK
                                                                                    : CAPTURE_ROWS_STORE;
}

enum capture_rows_status capture_rows_settle(struct capture_rows *capture_rows, uint32_t capture)
{
    static const struct event_capture nothing = {.first_ns = -1, .last_ns = -1};
    struct event_capture *facts = capture_rows->ended[capture];
    enum capture_rows_status status = CAPTURE_ROWS_OK;

    if (facts != NULL)
        compare_expected(capture_rows, &capture_rows->inputs->items[capture], facts,
                         &capture_rows->outcomes[capture]);
    if (capture_rows->outcomes[capture].id != 0 && capture_rows->outcomes[capture].state == OUTCOME_FOREIGN)
        status = remove_row(capture_rows, &capture_rows->outcomes[capture]);
    else if (capture_rows->outcomes[capture].id != 0)
        status = settle(capture_rows, capture, facts == NULL ? &nothing : facts);
    capture_rows->outcomes[capture].settled = true;
    free(facts);
    capture_rows->ended[capture] = NULL;
    return status;
}

void capture_rows_free(struct capture_rows *capture_rows)
{
    if (capture_rows == NULL)
        return;
    for (size_t i = 0; i < capture_rows->ended_count; i++)
        free(capture_rows->ended[i]);
    event_rows_free(capture_rows->rows);
    free(capture_rows->ended);
    free(capture_rows);
}
