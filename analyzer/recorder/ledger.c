/*
 * Keeps events in the database.
 */
#include "analyzer/recorder/ledger.h"

#include "analyzer/recorder/rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct ledger {
    struct store *store;
    const struct inputs *inputs;
    struct outcome *outcomes;
    struct event_capture **ended; /* one an input, from its end until it is settled; else NULL */
    size_t ended_count;
    struct rows *rows;
};

struct ledger *ledger_new(struct store *store, const struct inputs *inputs, struct outcome *outcomes)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    if (ledger == NULL)
        return NULL;
    ledger->store = store;
    ledger->inputs = inputs;
    ledger->rows = rows_new(false);
    if (ledger->rows == NULL || ledger_grow(ledger, outcomes) != 0) {
        ledger_free(ledger);
        return NULL;
    }
    return ledger;
}

int ledger_grow(struct ledger *ledger, struct outcome *outcomes)
{
    size_t count = ledger->inputs->count;
    struct event_capture **larger = realloc(ledger->ended, (count + 1) * sizeof(struct event_capture *));

    if (larger == NULL)
        return -1;
    for (size_t i = ledger->ended_count; i < count; i++)
        larger[i] = NULL;
    ledger->ended = larger;
    ledger->ended_count = count;
    ledger->outcomes = outcomes;
    return 0;
}

void ledger_restart(struct ledger *ledger)
{
    rows_forget(ledger->rows);
}

/* True when another capture has this fingerprint, and is complete. */
static bool is_taken(struct ledger *ledger, const char *fingerprint, int64_t id)
{
    enum store_state state;
    int64_t known;

    return store_find_capture(ledger->store, fingerprint, &known, &state) == STORE_OK && known != 0 &&
           known != id && state == STORE_COMPLETE;
}

/* The fingerprint of what was fed so far of an input that grows; NULL: there is none for it alone. */
static const char *fingerprint_so_far(struct ledger *ledger, const struct input *input, int64_t id,
                                      char text[CAPTURE_FINGERPRINT_SIZE])
{
    if (fingerprint_of_range(input->fd, input->octets, text) != 0 || is_taken(ledger, text, id))
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
static enum ledger_status remove_shorter(struct ledger *ledger, struct input *input)
{
    const char *name = strrchr(input->name, '/');
    struct stat about;
    int64_t id = 0;

    if (input->is_pipe || fstat(input->fd, &about) != 0)
        return LEDGER_OK;
    if (store_find_grown(ledger->store, name == NULL ? input->name : name + 1, about.st_size, is_beginning,
                         input, &id) != STORE_OK)
        return LEDGER_STORE;
    if (id == 0)
        return LEDGER_OK;
    return store_capture_remove(ledger->store, id) == STORE_OK ? LEDGER_OK : LEDGER_STORE;
}

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static enum ledger_status begin_capture(struct ledger *ledger, uint32_t number)
{
    struct input *input = &ledger->inputs->items[number];
    struct outcome *outcome = &ledger->outcomes[number];
    char so_far[CAPTURE_FINGERPRINT_SIZE];
    struct store_capture row = {
        .source = input->name,
        .kind = STORE_FILE,
        .fingerprint = input->is_pipe ? NULL : input->fingerprint,
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
        return LEDGER_NONSENSE;
    if (remove_shorter(ledger, input) != LEDGER_OK)
        return LEDGER_STORE;
    if (input->grows) {
        row.fingerprint = fingerprint_so_far(ledger, input, 0, so_far);
        row.bytes = (int64_t)input->octets;
    }
    outcome->lost_octets = 0;
    outcome->evicted = -1;
    return store_capture_begin(ledger->store, &row, &outcome->id) == STORE_OK ? LEDGER_OK : LEDGER_STORE;
}

static enum ledger_status end_capture(struct ledger *ledger, const struct event_capture *facts)
{
    struct event_capture *kept;
    struct outcome *outcome = &ledger->outcomes[facts->capture];

    if (outcome->id == 0 || outcome->state != OUTCOME_PENDING)
        return LEDGER_NONSENSE;
    kept = malloc(sizeof *kept);
    if (kept == NULL)
        return LEDGER_NONSENSE;
    *kept = *facts;
    ledger->ended[facts->capture] = kept;
    outcome->packets = facts->packets;
    outcome->evicted = facts->evicted;
    outcome->bytes = facts->bytes;
    outcome->first_ns = facts->first_ns;
    outcome->last_ns = facts->last_ns;
    outcome->state = facts->broken ? OUTCOME_BROKEN : OUTCOME_READ;
    if (facts->broken)
        outcome_set_error(outcome, "%s", facts->error);
    return LEDGER_OK;
}

/* A loss counts for the capture that its connection began in, also when that is settled already. */
static enum ledger_status count_lost(struct ledger *ledger, uint32_t capture, int64_t more)
{
    struct outcome *outcome = &ledger->outcomes[capture];

    if (more < 0 || __builtin_add_overflow(outcome->lost_octets, more, &outcome->lost_octets))
        return LEDGER_NONSENSE;
    if (!outcome->settled || more == 0)
        return LEDGER_OK;
    return store_capture_lost(ledger->store, outcome->id, more) == STORE_OK ? LEDGER_OK : LEDGER_STORE;
}

static enum ledger_status of_rows(enum rows_status status)
{
    if (status == ROWS_STORE)
        return LEDGER_STORE;
    return status == ROWS_OK ? LEDGER_OK : LEDGER_NONSENSE;
}

static enum ledger_status take_connection(struct ledger *ledger, const struct event_connection *told)
{
    int64_t more_lost = 0;
    enum ledger_status status = of_rows(rows_take_connection(
        ledger->rows, ledger->store, ledger->outcomes[told->capture].id, told, &more_lost));

    return status == LEDGER_OK ? count_lost(ledger, told->capture, more_lost) : status;
}

enum ledger_status ledger_take(struct ledger *ledger, const struct event *event)
{
    switch (event->kind) {
    case EVENT_CAPTURE_STARTED:
        return begin_capture(ledger, event->capture.capture);
    case EVENT_CAPTURE_ENDED:
        return end_capture(ledger, &event->capture);
    case EVENT_CONNECTION:
        return take_connection(ledger, &event->connection);
    case EVENT_LOGIN:
        return of_rows(rows_take_login(ledger->rows, ledger->store,
                                       ledger->outcomes[event->login.login.begin.capture].id, &event->login,
                                       NULL));
    case EVENT_AFTER:
        return of_rows(rows_take_after(ledger->rows, ledger->store, &event->after));
    default:
        return LEDGER_OK;
    }
}

bool ledger_is_known(struct ledger *ledger, uint32_t capture)
{
    const struct event_capture *facts = ledger->ended[capture];
    const struct outcome *outcome = &ledger->outcomes[capture];

    return facts != NULL && outcome->state == OUTCOME_READ &&
           is_taken(ledger, facts->fingerprint, outcome->id);
}

/* A pipe is known by its content only now: when that is in the database already, what was just kept goes
 * again. */
static enum ledger_status settle_pipe(struct ledger *ledger, struct outcome *outcome, const char *fingerprint,
                                      bool *known)
{
    int64_t id = 0;
    enum store_state state;

    if (store_find_capture(ledger->store, fingerprint, &id, &state) != STORE_OK)
        return LEDGER_STORE;
    if (id == 0 || id == outcome->id)
        return LEDGER_OK;
    if (store_capture_remove(ledger->store, state == STORE_COMPLETE ? outcome->id : id) != STORE_OK)
        return LEDGER_STORE;
    if (state == STORE_COMPLETE) {
        outcome->id = id;
        outcome->state = OUTCOME_KNOWN;
        *known = true;
    }
    return LEDGER_OK;
}

/* The SHA-256 of the whole capture; NULL: it is not known. */
static const char *sha256_of(const struct input *input, const struct event_capture *facts)
{
    const char *text = input->is_pipe ? facts->sha256 : input->sha256;

    return digest_is_text(text) ? text : NULL;
}

static enum ledger_status settle(struct ledger *ledger, uint32_t capture, const struct event_capture *facts)
{
    const struct input *input = &ledger->inputs->items[capture];
    struct outcome *outcome = &ledger->outcomes[capture];
    char so_far[CAPTURE_FINGERPRINT_SIZE];
    struct store_capture row = {
        .source = input->name,
        .kind = STORE_FILE,
        .fingerprint = input->is_pipe ? NULL : input->fingerprint,
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

    if (outcome->state == OUTCOME_READ && (input->is_pipe || input->grows)) {
        row.fingerprint = facts->fingerprint;
        if (settle_pipe(ledger, outcome, facts->fingerprint, &known) != LEDGER_OK)
            return LEDGER_STORE;
        if (known)
            return LEDGER_OK;
    } else if (input->grows && facts->fingerprint[0] != '\0') {
        row.fingerprint = is_taken(ledger, facts->fingerprint, outcome->id) ? NULL : facts->fingerprint;
    } else if (input->grows) {
        row.fingerprint = fingerprint_so_far(ledger, input, outcome->id, so_far);
    } else if (outcome->state == OUTCOME_READ && strcmp(facts->fingerprint, input->fingerprint) != 0) {
        outcome->state = OUTCOME_BROKEN;
        outcome_set_error(outcome,
                          "changed while it was read: read it again when nothing writes to it any more");
        row.state = STORE_BROKEN;
        row.error = outcome->error;
    }
    return store_capture_update(ledger->store, outcome->id, &row) == STORE_OK ? LEDGER_OK : LEDGER_STORE;
}

enum ledger_status ledger_settle(struct ledger *ledger, uint32_t capture)
{
    static const struct event_capture nothing = {.first_ns = -1, .last_ns = -1};
    struct event_capture *facts = ledger->ended[capture];
    enum ledger_status status = LEDGER_OK;

    if (ledger->outcomes[capture].id != 0)
        status = settle(ledger, capture, facts == NULL ? &nothing : facts);
    ledger->outcomes[capture].settled = true;
    free(facts);
    ledger->ended[capture] = NULL;
    return status;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->ended_count; i++)
        free(ledger->ended[i]);
    rows_free(ledger->rows);
    free(ledger->ended);
    free(ledger);
}
