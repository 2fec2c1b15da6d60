/*
 * The way from the recorder process to the analyzer process, for captures that grow: one pipe of pieces, each
 * with the number of its capture. The recorder reads the files and never looks into them; the analyzer gets
 * their octets and can open nothing.
 *
 * Captures come one after the other. The end of one is said, so that it is known from octets that are not
 * there yet.
 */
#ifndef IMAPTAP_ANALYZER_EVENTS_FEED_H
#define IMAPTAP_ANALYZER_EVENTS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Octets of the largest piece. */
#define FEED_PIECE (64 * 1024)

enum feed_end {
    FEED_WHOLE = 1, /* nothing can follow */
    FEED_UNFINISHED /* more may be written to the file, but it is not read any further */
};

struct feed;

/* Makes the feed, before the fork. NULL: see errno. */
struct feed *feed_new(void);

/* --- the recorder's side: never waits --- */

/* Call once in the parent: closes the analyzer's end. */
void feed_become_sender(struct feed *feed);
/* To poll for writing while the feed is busy. */
int feed_sender_fd(const struct feed *feed);
/* True when what was given last is not yet in the pipe: then nothing more can be given. */
bool feed_is_busy(const struct feed *feed);
/* Where to read the next piece into: FEED_PIECE octets. */
uint8_t *feed_room(struct feed *feed);
/* Sends `length` octets of the room, at least one, as the next ones of `capture`. False: the analyzer is
 * gone. */
bool feed_give(struct feed *feed, uint32_t capture, size_t length);
/* Ends `capture`. False: the analyzer is gone. */
bool feed_give_end(struct feed *feed, uint32_t capture, enum feed_end end);
/* Goes on sending. False: the analyzer is gone. */
bool feed_push(struct feed *feed);
/* No capture follows; what has not been sent is lost. */
void feed_close(struct feed *feed);

/* --- the analyzer's side --- */

/* Called with nothing to read, before waiting and then every FEED_DRY_MS while waiting. */
typedef void feed_dry(void *user);
#define FEED_DRY_MS 500

/* Call once in the child: closes the recorder's end, and moves its
 * own to the lowest number there is. False: that is too high a number. */
bool feed_become_receiver(struct feed *feed, feed_dry *dry, void *user);
/* The descriptor that must stay open in the child. */
int feed_receiver_fd(const struct feed *feed);
/* Waits for the next capture. False: there is none. */
bool feed_next(struct feed *feed, uint32_t *capture);
/* Reads octets of this capture (a source_reader; `feed` is a struct feed), waiting for them. 0: its end. */
ssize_t feed_read(void *feed, void *octets, size_t room);
/* True when the capture's end was read, and more may have followed: it is FEED_UNFINISHED, or the recorder
 * closed the feed. */
bool feed_is_unfinished(const struct feed *feed);

void feed_free(struct feed *feed);

#endif
