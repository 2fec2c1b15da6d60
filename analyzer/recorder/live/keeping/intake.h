/*
 * What analyzers have told and the database has not yet: records in the order they came, in bounded memory.
 */
#ifndef IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_INTAKE_H
#define IMAPTAP_ANALYZER_RECORDER_LIVE_KEEPING_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of records that wait, at most; a little more for those that may not be missing. */
#define INTAKE_OCTETS  ((size_t)32 << 20)
#define INTAKE_RESERVE ((size_t)1 << 20)

enum intake_kind {
    INTAKE_EVENT,       /* octets: an event's encoding */
    INTAKE_EVENT_FIRST, /* the same, of a capture that begins: first of a transaction */
    INTAKE_EVENT_ANEW,  /* the same, of a connection whose number had another one whose end is missing */
    INTAKE_RESTART      /* a new analyzer begins as this worker; no octets */
};

struct intake_record {
    uint32_t kind; /* of enum intake_kind */
    uint32_t worker;
    const uint8_t *octets; /* valid until something is put or removed */
    size_t length;
};

struct intake;

/* NULL: out of memory. */
struct intake *intake_new(void);

/* Adds a record. False: there is no room. `needed`: it may use the reserve. */
bool intake_put(struct intake *intake, const struct intake_record *record, bool needed);

/* Reads the record at *place, from 0 for the oldest, and moves *place behind it. False: there is none. */
bool intake_at(const struct intake *intake, size_t *place, struct intake_record *record);

/* Removes all records before `place`. */
void intake_remove(struct intake *intake, size_t place);

/* Records that wait. */
size_t intake_count(const struct intake *intake);

void intake_free(struct intake *intake);

#endif
