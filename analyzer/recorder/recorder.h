/*
 * The recorder process's work: has captures read by an analyzer process, keeps what that reports in the
 * database, and goes on with the next capture when an analyzer dies.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_RECORDER_H
#define IMAPTAP_ANALYZER_RECORDER_RECORDER_H

#include "analyzer/pipeline/pipeline.h"
#include "analyzer/recorder/inputs.h"
#include "analyzer/recorder/outcome.h"
#include "db/store.h"

struct analyzer_run;

/* Prepares the reading of all inputs. It fills *result, which recorder_result_free frees. NULL: out of
 * memory. */
struct analyzer_run *recorder_new(const struct inputs *inputs, const struct pipeline_options *options,
                                  struct recorder_result *result);

/* Has an analyzer begin before the database is open. For a database that is not there yet, and thus knows no
 * capture, and without pipes, which cannot be read again. A failure only means that recorder_read begins. */
void recorder_start(struct analyzer_run *reading);

/* Reads all inputs into the store. `show_progress`: on standard error, a terminal. Returns 0, or -1 when no
 * analyzer could be started (errno is set). */
int recorder_read(struct analyzer_run *reading, struct store *store, bool show_progress);

/* Whether all inputs turned out to be no captures. */
bool recorder_found_nothing(const struct recorder_result *result);

/* Whether files are still to be hashed, when all is read: that never delays the summary. */
bool recorder_has_to_hash(const struct analyzer_run *reading);

/* Hashes them, and keeps the hashes in the database, which is closed, until SIGINT or SIGTERM. Returns 0, or
 * -1: `why` holds the sentence. */
int recorder_hash(struct analyzer_run *reading, const char *database, bool show_progress, char *why,
                  size_t why_size);

/* Ends an analyzer that still runs. */
void recorder_free(struct analyzer_run *reading);

/* Reads the captures in the folder `path` as they are written, until SIGINT or SIGTERM, and adds them to
 * `inputs`, which is empty. Fills *result as recorder_new does. Returns as recorder_read does, with 0 when
 * the folder cannot be opened too: that is reported on `errors`. */
int recorder_follow(struct store *store, const char *path, struct inputs *inputs,
                    const struct pipeline_options *options, bool show_progress, FILE *errors,
                    struct recorder_result *result);

void recorder_result_free(struct recorder_result *result);

#endif
