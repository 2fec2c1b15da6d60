/*
 * What reading files and reading interfaces have in common.
 */
#include "analyzer/pipeline/pipeline_state.h"

#include <stdlib.h>
#include <string.h>

struct pipeline *pipeline_prepare(const struct pipeline_options *options, struct event_ring *ring, bool live)
{
    struct session_tracker_options session_tracker_options = {.password_shape = options->password_shape,
                                                              .mask = options->mask,
                                                              .slots = PIPELINE_MAX_CONNECTIONS,
                                                              .report_again = live};
    struct connection_table_options table_options;
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);

    if (pipeline == NULL)
        return NULL;
    pipeline->ring = ring;
    connection_table_defaults(&table_options);
    table_options.ports = options->ports;
    table_options.port_count = options->port_count;
    table_options.detect = options->detect;
    table_options.max_connections = PIPELINE_MAX_CONNECTIONS;
    pipeline->decap = decap_new();
    pipeline->tracker = session_tracker_new(&session_tracker_options, ring);
    if (pipeline->tracker != NULL)
        pipeline->table = connection_table_new(&table_options, &session_tracker_handler, pipeline->tracker);
    if (pipeline->decap == NULL || pipeline->table == NULL) {
        pipeline_free(pipeline);
        return NULL;
    }
    if (options->verify_checksums)
        decap_verify_checksums(pipeline->decap);
    return pipeline;
}

bool pipeline_reserve_span(struct pipeline *pipeline, uint32_t capture)
{
    size_t count = (size_t)capture + capture / 2 + 16;
    struct capture_span *larger;

    if (capture < pipeline->span_count)
        return true;
    larger = realloc(pipeline->spans, count * sizeof *larger);
    if (larger == NULL)
        return false;
    memset(larger + pipeline->span_count, 0, (count - pipeline->span_count) * sizeof *larger);
    pipeline->spans = larger;
    pipeline->span_count = count;
    return true;
}

void pipeline_count_evicted(struct pipeline *pipeline)
{
    uint64_t evicted = connection_table_counts(pipeline->table).evicted;

    if (pipeline->current < pipeline->span_count)
        pipeline->spans[pipeline->current].evicted += (int64_t)(evicted - pipeline->evicted);
    pipeline->evicted = evicted;
}

int pipeline_finish(struct pipeline *pipeline)
{
    struct connection_counts counts = connection_table_counts(pipeline->table);
    struct fragments_counts fragments = decap_fragments(pipeline->decap);
    struct event event = {.kind = EVENT_FINISHED};

    event.finished.frames = (int64_t)pipeline->frames;
    event.finished.not_tcp = (int64_t)pipeline->results[DECAP_OTHER];
    event.finished.fragments = (int64_t)pipeline->results[DECAP_FRAGMENT];
    event.finished.cut = (int64_t)pipeline->results[DECAP_CUT];
    event.finished.malformed = (int64_t)pipeline->results[DECAP_MALFORMED];
    event.finished.bad_checksum = (int64_t)pipeline->results[DECAP_BAD_CHECKSUM];
    event.finished.evicted = (int64_t)counts.evicted;
    event.finished.lost_octets = (int64_t)counts.lost_octets;
    event.finished.incomplete_datagrams = (int64_t)fragments.incomplete;
    event.finished.repeated_octets = (int64_t)counts.repeated_octets;
    event.finished.no_login = (int64_t)session_tracker_counts(pipeline->tracker).no_login;
    event.finished.copied_packets = (int64_t)counts.copies;
    event.finished.differing_octets = (int64_t)(counts.differing_octets + fragments.differing);
    event_ring_send(pipeline->ring, &event);
    return session_tracker_is_heard(pipeline->tracker) && event_ring_flush(pipeline->ring) ? 0 : -1;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    connection_table_free(pipeline->table);
    session_tracker_free(pipeline->tracker);
    decap_free(pipeline->decap);
    capture_set_free(pipeline->captures);
    capture_file_free(pipeline->fed);
    live_set_free(pipeline->live);
    free(pipeline->spans);
    free(pipeline);
}
