/*
 * Keeps events in the database.
 */
#include "analyzer/recorder/ledger.h"

#include "analyzer/stream/connection.h"
#include "dissector/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* An open connection of the analyzer. */
struct slot {
    int64_t row;           /* 0: none */
    int64_t lost_octets;   /* as last told */
    int64_t login_row;     /* of the last login that succeeded */
    uint32_t login_number; /* and its number */
};

struct ledger {
    struct store *store;
    const struct inputs *inputs;
    struct outcome *outcomes;
    struct event_capture **ended; /* one an input, from its end until it is settled; else NULL */
    size_t ended_count;
    struct slot *slots;
    uint32_t slot_count;
};

static const char *const end_names[CONNECTION_ENDS] = {
    [CONNECTION_FIN] = "fin",   [CONNECTION_RESET] = "reset",     [CONNECTION_REPLACED] = "replaced",
    [CONNECTION_IDLE] = "idle", [CONNECTION_EVICTED] = "evicted", [CONNECTION_CAPTURE] = "capture",
};

static const char *const encryption_names[] = {
    [IMAP_ENCRYPTION_NONE] = "none",
    [IMAP_ENCRYPTION_STARTTLS] = "starttls",
    [IMAP_ENCRYPTION_IMPLICIT] = "implicit",
};

static const char *const closer_names[CONNECTION_CLOSERS] = {
    [CLOSED_BY_CLIENT] = "client", [CLOSED_BY_SERVER] = "server"};

static const char *const starttls_names[IMAP_STARTTLS_RESULTS] = {
    [IMAP_STARTTLS_UNANSWERED] = "unanswered",
    [IMAP_STARTTLS_ACCEPTED] = "accepted",
    [IMAP_STARTTLS_REFUSED] = "refused",
};

struct ledger *ledger_new(struct store *store, const struct inputs *inputs, struct outcome *outcomes)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);

    if (ledger == NULL)
        return NULL;
    ledger->store = store;
    ledger->inputs = inputs;
    if (ledger_grow(ledger, outcomes) != 0) {
        free(ledger);
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
    if (ledger->slot_count > 0)
        memset(ledger->slots, 0, ledger->slot_count * sizeof *ledger->slots);
}

static struct slot *slot_of(struct ledger *ledger, uint32_t number)
{
    if (number >= ledger->slot_count) {
        uint32_t count = number + number / 2 + 64;
        struct slot *larger = realloc(ledger->slots, count * sizeof *larger);

        if (larger == NULL)
            return NULL;
        memset(larger + ledger->slot_count, 0, (count - ledger->slot_count) * sizeof *larger);
        ledger->slots = larger;
        ledger->slot_count = count;
    }
    return &ledger->slots[number];
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

/* A loss counts for the capture that its connection began in; *late is what comes when that is settled
 * already. */
static bool count_lost(struct outcome *outcome, struct slot *slot, int64_t lost_octets, int64_t *late)
{
    int64_t more = lost_octets - slot->lost_octets;

    if (more < 0 || __builtin_add_overflow(outcome->lost_octets, more, &outcome->lost_octets))
        return false;
    slot->lost_octets = lost_octets;
    *late = outcome->settled ? more : 0;
    return true;
}

static enum ledger_status take_connection(struct ledger *ledger, const struct event_connection *told)
{
    int64_t capture_id = ledger->outcomes[told->capture].id;
    struct slot *slot = slot_of(ledger, told->slot);
    char origin_ip[46], origin_source[65];
    int64_t late = 0;
    struct store_connection row = {
        .capture_id = capture_id,
        .client_port = told->client_port,
        .server_port = told->server_port,
        .vlan = told->vlan,
        .tunnel = told->tunnel[0] ? told->tunnel : NULL,
        .community_id = told->community_id,
        .first_ns = told->first_ns,
        .last_ns = told->last_ns,
        .greeting = told->greeting,
        .server_product = told->server_product,
        .server_host = told->server_host,
        .capabilities = told->capabilities,
        .client_ident = told->client_ident,
        .server_ident = told->server_ident,
        .encryption = encryption_names[told->encryption],
        .starttls = starttls_names[told->starttls],
        .starttls_pipelined = told->starttls_pipelined,
        .midstream = told->midstream,
        .one_sided = told->one_sided,
        .not_imap = told->not_imap,
        .lost_octets = told->lost_octets,
        .end = told->ended ? end_names[told->end] : NULL,
        .closed_by = closer_names[told->closer],
        .closed_ns = told->closed_ns,
    };
    int status;

    if (slot == NULL || capture_id == 0 || told->again != (slot->row != 0))
        return LEDGER_NONSENSE;
    if (!count_lost(&ledger->outcomes[told->capture], slot, told->lost_octets, &late))
        return LEDGER_NONSENSE;
    memcpy(row.client_ip, told->client_ip, sizeof row.client_ip);
    memcpy(row.server_ip, told->server_ip, sizeof row.server_ip);
    if (told->origin_ip.octets != NULL && told->origin_source.octets != NULL) {
        memcpy(origin_ip, told->origin_ip.octets, told->origin_ip.length);
        origin_ip[told->origin_ip.length] = '\0';
        memcpy(origin_source, told->origin_source.octets, told->origin_source.length);
        origin_source[told->origin_source.length] = '\0';
        row.origin_ip = origin_ip;
        row.origin_source = origin_source;
    }
    if (!told->again)
        status = store_connection_add(ledger->store, &row, &slot->row);
    else
        status = store_connection_update(ledger->store, slot->row, &row);
    if (status == STORE_OK && late > 0)
        status = store_capture_lost(ledger->store, capture_id, late);
    if (told->ended)
        memset(slot, 0, sizeof *slot);
    return status == STORE_OK ? LEDGER_OK : LEDGER_STORE;
}

static enum ledger_status take_login(struct ledger *ledger, const struct event_login *told)
{
    const struct slot *slot = slot_of(ledger, told->slot);
    int64_t capture_id = ledger->outcomes[told->login.begin.capture].id;
    int64_t row;

    if (slot == NULL || slot->row == 0 || capture_id == 0)
        return LEDGER_NONSENSE;
    if (store_login_add(ledger->store, slot->row, capture_id, &told->login, &row) != STORE_OK)
        return LEDGER_STORE;
    if (told->login.result == IMAP_RESULT_OK) {
        ledger->slots[told->slot].login_row = row;
        ledger->slots[told->slot].login_number = told->login.number;
    }
    return LEDGER_OK;
}

static enum ledger_status take_after(struct ledger *ledger, const struct event_after *told)
{
    const struct slot *slot = slot_of(ledger, told->slot);

    if (slot == NULL || slot->login_row == 0 || slot->login_number != told->number)
        return LEDGER_NONSENSE;
    return store_login_after(ledger->store, slot->login_row, told->result, told->text) == STORE_OK
               ? LEDGER_OK
               : LEDGER_STORE;
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
        return take_login(ledger, &event->login);
    case EVENT_AFTER:
        return take_after(ledger, &event->after);
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
    free(ledger->slots);
    free(ledger->ended);
    free(ledger);
}
