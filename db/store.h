/*
 * The database of findings: opens it, keeps captures, connections and logins, and sees to its promises
 * (a capture is known by its fingerprint and never counted twice; one that did not finish is replaced whole).
 *
 * All functions that can fail return 0 or one of enum store_status; store_error then gives the sentence for
 * it. Texts from the wire are bound as UTF-8 with every octet that is not valid UTF-8, and NUL, written as
 * \xNN.
 */
#ifndef IMAPTAP_DB_STORE_H
#define IMAPTAP_DB_STORE_H

#include "db/columns.h"
#include "dissector/login.h"

#include <stdbool.h>

enum store_status {
    STORE_OK = 0,
    STORE_CANNOT_OPEN, /* no such folder, no permission, not a database */
    STORE_FOREIGN,     /* a database of another program: untouched */
    STORE_NEWER,       /* made by a newer imaptap: untouched */
    STORE_BUSY,        /* another process holds it locked and did not let go in time */
    STORE_READ_ONLY,
    STORE_FULL, /* the disk is full */
    STORE_FAILED
};

enum store_kind { STORE_FILE, STORE_LIVE };
enum store_state { STORE_RUNNING, STORE_COMPLETE, STORE_BROKEN /* "failed" */ };

struct store;

/* One rule of the table `rules`; the same fields as there. The store knows rules by their index. */
struct store_rule {
    const char *id, *severity, *title, *reference, *remedy, *rfc2060, *rfc3501, *rfc9051;
};

/* One call of the program; the fields are those of the table `runs`. */
struct store_run_facts {
    const char *uuid, *imaptap_version, *libpcap_version, *libnids_version, *sqlite_version;
    const char *command_line, *host, *user;
    const char *filter; /* NULL: none */
    int64_t started_ns;
};

struct store_capture {
    const char *source; /* path as given, or interface; octets that are not UTF-8 are escaped */
    enum store_kind kind;
    const char *fingerprint; /* NULL: not known yet (a pipe, an interface) */
    const char *link_types;
    int64_t packets, bytes;
    int64_t kernel_drops, interface_drops; /* -1: does not apply */
    int64_t first_ns, last_ns;             /* -1: no packet */
    enum store_state state;
    const char *error;              /* NULL: none */
    int64_t size;                   /* octets on disk; -1: not known */
    const char *packed_fingerprint; /* of a compressed file as it lies on disk; NULL: it is not compressed */
    const char *sha256;             /* of all of these; NULL: not known */
    int64_t lost_octets, evicted;   /* -1: not known */
    int64_t read_ns;        /* when its reading began; -1: store_capture_update leaves what is there */
    int64_t events_waiting; /* for the database at a time, at most; -1: does not apply */
};

/* The members are the columns of db/columns.def. Words are static: they are not copied. */
#define STORE_MEMBER_NUMBER(name, type)        type name;
#define STORE_MEMBER_COUNT(name, type)         type name;
#define STORE_MEMBER_ADDRESS(name, detail)     char name[46];
#define STORE_MEMBER_STRING(name, detail)      const char *name;
#define STORE_MEMBER_TEXT(name, detail)        struct imap_text name;
#define STORE_MEMBER_WORD(name, detail)        const char *name;
#define STORE_MEMBER_FLAG(name, detail)        bool name;
#define STORE_MEMBER_SIZE(name, detail)        int64_t name;
#define STORE_MEMBER_LENGTH(name, detail)      int64_t name;
#define STORE_MEMBER_TIME(name, detail)        int64_t name;
#define STORE_MEMBER(NAME, name, kind, detail) STORE_MEMBER_##kind(name, detail)

struct store_connection {
    CONNECTION_STAYS(STORE_MEMBER)
    int64_t last_ns;
    CONNECTION_CHANGES(STORE_MEMBER)
    CONNECTION_TEXTS(STORE_MEMBER)
    bool same_texts; /* of an update: these texts stay as they are, and are not looked at */
};

/* Opens (and creates, mode 0600) the database at `path`. `live`: WAL mode, so that others can read while this
 * one writes. Waits up to `busy_ms` for another process's lock. On failure *store is NULL and `why` holds
 * the sentence, which names the path; an existing file that is not ours is left as it was. A database of an
 * older version is brought up to date, and what it was is kept beside it: store_notice then says so. */
int store_open(struct store **store, const char *path, bool live, int busy_ms, char *why, size_t why_size);

/* Takes a sentence for the user. */
typedef void store_report(void *user, const char *sentence);
/* The same as store_open for a program that has a user: `report` is called once when another process's
 * lock is waited for longer than a moment, and when the log of a live database passes STORE_LOG_LIMIT (and
 * twice that, and so on) because a reader does not end its transaction. */
int store_open_reporting(struct store **store, const char *path, bool live, int busy_ms, store_report *report,
                         void *user, char *why, size_t why_size);
#define STORE_LOG_LIMIT ((int64_t)64 * 1024 * 1024) /* octets */

/* A sentence for the user about what opening did; NULL: nothing that is worth one. */
const char *store_notice(const struct store *store);

/* Rows that are inserted from now on are not looked up in the tables that they refer to, which costs a fifth
 * of an insert: nobody else removes what this process has written. It looks at each transaction's beginning;
 * once another process has written to the database, they are looked up again. Outside of a transaction. */
int store_exclusive(struct store *store);

/* From now on waits up to `busy_ms` for another process's lock. */
void store_patience(struct store *store, int busy_ms);

/* Fills the table `rules` and commits; call it once after opening. Violations refer to rules[i] by i. */
int store_rules(struct store *store, const struct store_rule *rules, size_t count);

/* A transaction is begun by the first write; this ends it. */
int store_commit(struct store *store);
/* Drops what was written since the last commit. */
void store_rollback(struct store *store);

/* Looks for a capture with this fingerprint. *id is 0 when there is none. */
int store_find_capture(struct store *store, const char *fingerprint, int64_t *id, enum store_state *state);

/* True when `fingerprint` is that of the file's first `bytes` octets. */
typedef bool store_is_beginning(void *user, int64_t bytes, const char *fingerprint);
/* Whether another process that lives is reading this capture now: then returns after 0.1 s, and reports it
 * the first time. Until it is false, beginning the capture again fails. */
bool store_capture_wait(struct store *store, int64_t id);
/* Looks for a capture of a file that has grown since: read from a file of the name `name` in any folder, with
 * at most `bytes` octets, for which `is_beginning` says so. *id is 0 when there is none. */
int store_find_grown(struct store *store, const char *name, int64_t bytes, store_is_beginning *is_beginning,
                     void *user, int64_t *id);

/* Takes a capture that may be the beginning of a stream. */
typedef void store_take_beginning(void *user, int64_t id, int64_t octets, const char *fingerprint);
/* Lists, the latest first and at most `limit`, the captures that a stream from `source` may begin with: those
 * that failed, and those that came from there before. */
int store_find_beginnings(struct store *store, const char *source, int limit, store_take_beginning *take,
                          void *user);

/* The captures from now on belong to `run`, which must stay until store_run_end. Its row is made with the
 * first of them: a run in which all captures turn out to be known changes nothing. A run that ended in this
 * database goes on in it. */
void store_run_begin(struct store *store, const struct store_run_facts *run);
/* The run is over, and is committed. One that has no capture left, since all were known, leaves no row. A run
 * whose process ended without this is set to "aborted" by the next store_open, and what it captured live to
 * "failed". */
int store_run_end(struct store *store, int64_t ended_ns, bool aborted);

/* Begins a capture in state "running". One with the same fingerprint that is "running" or "failed" is
 * replaced: its rows go, in the same transaction. */
int store_capture_begin(struct store *store, const struct store_capture *capture, int64_t *id);
/* Brings the row up to date: counts, times, state, error, and the fingerprint when it was not known before.
 */
int store_capture_update(struct store *store, int64_t id, const struct store_capture *capture);
/* Adds to the lost octets of a capture what was found to be lost after its end. */
int store_capture_lost(struct store *store, int64_t id, int64_t octets);
/* Whether the capture has no SHA-256, though it was read from a file of `size` octets that was last changed
 * before that, at `modified_ns`. */
bool store_capture_is_unhashed(struct store *store, int64_t id, int64_t size, int64_t modified_ns);
/* The capture is complete, and this is the fingerprint of a compressed copy: by it that is known again. */
int store_capture_packed(struct store *store, int64_t id, const char *packed_fingerprint);
/* Takes the fingerprint away from a capture that is not complete, so that another can have it. */
int store_capture_unprint(struct store *store, int64_t id);
/* Gives it the SHA-256 of that file, unless it has one by now. */
int store_capture_hash(struct store *store, int64_t id, const char *sha256);
/* Whether the database holds no run and no capture. */
bool store_is_empty(struct store *store);
/* Removes a capture and all that rests on it (a pipe that turned out to be known already). */
int store_capture_remove(struct store *store, int64_t id);

/* Rows wait in memory and go to the database together, with the next commit at the latest: what the database
 * refuses of them is reported then, and nothing of the transaction is kept. */
int store_connection_add(struct store *store, const struct store_connection *connection, int64_t *id);
/* Sets what can change while a connection is open: last_ns, CONNECTION_TEXTS and CONNECTION_CHANGES. */
int store_connection_update(struct store *store, int64_t id, const struct store_connection *connection);

/* Adds a login and its violations. `capture_id`: the capture of its first octet. */
int store_login_add(struct store *store, int64_t connection_id, int64_t capture_id,
                    const struct imap_login *login, int64_t *id);
int store_login_after(struct store *store, int64_t login_id, enum imap_result result, struct imap_text text);

/* Works out the table `causes` again, if rows have changed since that was done, and commits. It takes seconds
 * for a million logins. store_close does it too; the first judgement of a database that an older version made
 * is part of store_open. */
int store_judge(struct store *store);
/* Whether that has something to do. */
bool store_is_unjudged(const struct store *store);

/* Calls `take` with each finding of a committed login: a statement that stands on a row with all columns of
 * the view `findings` (finding_line and its like read it). */
struct sqlite3_stmt;
typedef void store_take_finding(void *user, struct sqlite3_stmt *row);
int store_findings(struct store *store, int64_t login_id, store_take_finding *take, void *user);

/* The server's verdict on a login and what it exposed, as the words of the database; "" when there is none.
 */
struct store_login_words {
    char result[16], exposure[16];
};
int store_login_words(struct store *store, int64_t login_id, struct store_login_words *words);

/* Calls `take` with each rule that a login broke, once for each violation. */
typedef void store_take_rule(void *user, const char *rule);
int store_login_rules(struct store *store, int64_t login_id, store_take_rule *take, void *user);

/* The sentence for the last failure; valid until the next call. */
const char *store_error(const struct store *store);
/* And which it was. */
enum store_status store_last_status(const struct store *store);

/* Commits, judges, and brings what is in the journal into the file: one file is left, and not in WAL mode,
 * unless another process has the database open or it was moved away. Frees in any case; returns the first
 * failure.
 */
int store_close(struct store *store, char *why, size_t why_size);

#endif
