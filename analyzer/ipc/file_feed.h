/*
 * The way from the recorder process to the analyzer process, for captures that grow: one pipe of pieces, each
 * with the number of its capture. The recorder reads the files and never looks into them; the analyzer gets
 * their octets and can open nothing.
 *
 * Captures come one after the other. The end of one is said, so that it is known from octets that are not
 * there yet.
 */
#ifndef IMAPTAP_ANALYZER_IPC_FILE_FEED_H
#define IMAPTAP_ANALYZER_IPC_FILE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Octets of the largest piece. */
#define FILE_FEED_PIECE (64 * 1024)

enum file_feed_end {
    FILE_FEED_WHOLE = 1, /* nothing can follow */
    FILE_FEED_UNFINISHED /* more may be written to the file, but it is not read any further */
};

struct file_feed;

/* Makes the feed, before the fork. NULL: see errno. */
struct file_feed *file_feed_new(void);

/* --- the recorder's side: never waits --- */

/* Call once in the parent: closes the analyzer's end. */
void file_feed_become_sender(struct file_feed *feed);
/* To poll for writing while the feed is busy. */
int file_feed_sender_fd(const struct file_feed *feed);
/* True when what was given last is not yet in the pipe: then nothing more can be given. */
bool file_feed_is_busy(const struct file_feed *feed);
/* Where to read the next piece into: FILE_FEED_PIECE octets. */
uint8_t *file_feed_room(struct file_feed *feed);
/* Sends `length` octets of the room, at least one, as the next ones of `capture`. False: the analyzer is
 * gone. */
bool file_feed_give(struct file_feed *feed, uint32_t capture, size_t length);
/* Ends `capture`. False: the analyzer is gone. */
bool file_feed_give_end(struct file_feed *feed, uint32_t capture, enum file_feed_end end);
/* Goes on sending. False: the analyzer is gone. */
bool file_feed_push(struct file_feed *feed);
/* No capture follows; what has not been sent is lost. */
void file_feed_close(struct file_feed *feed);

/* --- the analyzer's side --- */

/* Called with nothing to read, before waiting and then every FILE_FEED_DRY_MS while waiting. */
typedef void file_feed_dry(void *user);
#define FILE_FEED_DRY_MS 500

/* Call once in the child: closes the recorder's end, and moves its
 * own to the lowest number there is. False: that is too high a number. */
bool file_feed_become_receiver(struct file_feed *feed, file_feed_dry *dry, void *user);
/* The descriptor that must stay open in the child. */
int file_feed_receiver_fd(const struct file_feed *feed);
/* Waits for the next capture. False: there is none. */
bool file_feed_next(struct file_feed *feed, uint32_t *capture);
/* Reads octets of this capture (a source_reader; `feed` is a struct file_feed), waiting for them. 0: its end.
 */
ssize_t file_feed_read(void *feed, void *octets, size_t room);
/* True when the capture's end was read, and more may have followed: it is FILE_FEED_UNFINISHED, or the
 * recorder closed the feed. */
bool file_feed_is_unfinished(const struct file_feed *feed);

void file_feed_free(struct file_feed *feed);

#endif
