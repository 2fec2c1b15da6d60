/*
 * The way from the recorder process to the analyzer process. A piece is a header and its octets; a piece
 * without octets is an end.
 */
#include "analyzer/ipc/file_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

struct header {
    uint32_t capture;
    uint32_t length; /* octets that follow */
    uint32_t end;    /* of enum file_feed_end; 0: none */
};

struct file_feed {
    int receiver, sender; /* the pipe's ends; -1: closed */
    /* the recorder's side: one piece, header and octets */
    uint8_t piece[sizeof(struct header) + FILE_FEED_PIECE];
    size_t sent, given;
    /* the analyzer's side */
    file_feed_dry *dry;
    void *user;
    struct header header; /* of the present piece */
    bool has_header;
    bool closed; /* by the recorder */
};

struct file_feed *file_feed_new(void)
{
    struct file_feed *feed = calloc(1, sizeof *feed);
    int ends[2];

    if (feed == NULL || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(feed);
        return NULL;
    }
    feed->receiver = ends[0];
    feed->sender = ends[1];
    return feed;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void file_feed_become_sender(struct file_feed *feed)
{
    close_end(&feed->receiver);
}

int file_feed_sender_fd(const struct file_feed *feed)
{
    return feed->sender;
}

bool file_feed_is_busy(const struct file_feed *feed)
{
    return feed->sent < feed->given;
}

uint8_t *file_feed_room(struct file_feed *feed)
{
    return feed->piece + sizeof(struct header);
}

bool file_feed_push(struct file_feed *feed)
{
    while (feed->sent < feed->given) {
        ssize_t n = write(feed->sender, feed->piece + feed->sent, feed->given - feed->sent);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        feed->sent += (size_t)n;
    }
    return true;
}

static bool give(struct file_feed *feed, const struct header *header)
{
    memcpy(feed->piece, header, sizeof *header);
    feed->sent = 0;
    feed->given = sizeof *header + header->length;
    return file_feed_push(feed);
}

bool file_feed_give(struct file_feed *feed, uint32_t capture, size_t length)
{
    struct header header = {capture, (uint32_t)length, 0};

    return give(feed, &header);
}

bool file_feed_give_end(struct file_feed *feed, uint32_t capture, enum file_feed_end end)
{
    struct header header = {capture, 0, (uint32_t)end};

    return give(feed, &header);
}

void file_feed_close(struct file_feed *feed)
{
    close_end(&feed->sender);
}

bool file_feed_become_receiver(struct file_feed *feed, file_feed_dry *dry, void *user)
{
    int low = fcntl(feed->receiver, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (low >= 0 && low < feed->receiver) {
        close_end(&feed->receiver);
        feed->receiver = low;
    } else {
        close_end(&low);
    }
    close_end(&feed->sender);
    feed->dry = dry;
    feed->user = user;
    return feed->receiver < FD_SETSIZE;
}

int file_feed_receiver_fd(const struct file_feed *feed)
{
    return feed->receiver;
}

/* Waits for something to read. Not with poll: it fails beyond the limit of descriptors, and that is 0. */
static void wait_a_while(const struct file_feed *feed)
{
    struct timeval patience = {0, FILE_FEED_DRY_MS * 1000};
    fd_set ready;

    FD_ZERO(&ready);
    FD_SET(feed->receiver, &ready);
    (void)select(feed->receiver + 1, &ready, NULL, NULL, &patience);
}

/* Reads what there is, or waits for it. 0: the recorder closed its end. */
static ssize_t receive(struct file_feed *feed, void *octets, size_t room)
{
    for (;;) {
        ssize_t n = read(feed->receiver, octets, room);

        if (n >= 0) {
            feed->closed = n == 0;
            return n;
        }
        if (errno == EAGAIN) {
            feed->dry(feed->user);
            wait_a_while(feed);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

/* Has the header of the piece that is next. False: the recorder closed its end. */
static bool have_header(struct file_feed *feed)
{
    uint8_t *at = (uint8_t *)&feed->header;
    size_t got = 0;

    while (!feed->has_header && got < sizeof feed->header) {
        ssize_t n = receive(feed, at + got, sizeof feed->header - got);

        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    feed->has_header = true;
    return true;
}

bool file_feed_next(struct file_feed *feed, uint32_t *capture)
{
    if (feed->has_header && feed->header.end != 0)
        feed->has_header = false;
    if (!have_header(feed))
        return false;
    *capture = feed->header.capture;
    return true;
}

ssize_t file_feed_read(void *user, void *octets, size_t room)
{
    struct file_feed *feed = user;
    ssize_t n;

    if (room == 0 || !have_header(feed) || feed->header.end != 0)
        return 0;
    n = receive(feed, octets, room < feed->header.length ? room : feed->header.length);
    if (n <= 0)
        return n;
    feed->header.length -= (uint32_t)n;
    if (feed->header.length == 0)
        feed->has_header = false;
    return n;
}

bool file_feed_is_unfinished(const struct file_feed *feed)
{
    return feed->closed || (feed->has_header && feed->header.end == FILE_FEED_UNFINISHED);
}

void file_feed_free(struct file_feed *feed)
{
    if (feed == NULL)
        return;
    close_end(&feed->receiver);
    close_end(&feed->sender);
    free(feed);
}
