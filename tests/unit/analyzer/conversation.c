/*
 * A TCP conversation for tests of the connection table.
 */
#include "tests/unit/analyzer/conversation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void note(struct conversation *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct conversation *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    c->length += (size_t)vsnprintf(c->text + c->length, sizeof c->text - c->length, format, arguments);
    va_end(arguments);
}

static bool on_octets(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                      size_t length, const struct imap_mark *mark)
{
    struct conversation *c = user;
    char last = c->length > 0 ? c->text[c->length - 1] : ' ';

    /* neighbouring deliveries of one side read as one, so that the chunking does not show */
    if (connection->user == NULL || c->last_side != from || last == ' ')
        note(c, "%s%c:", c->length > 0 && last != ' ' ? " " : "", from == STREAM_CLIENT ? 'C' : 'S');
    note(c, "%.*s", (int)length, (const char *)octets);
    connection->user = c;
    c->last_side = from;
    c->last_frame = mark->frame;
    return !c->stop_after_octets;
}

static bool on_lost(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                    const struct imap_mark *mark)
{
    struct conversation *c = user;
    char side = from == STREAM_CLIENT ? 'C' : 'S';

    (void)connection;
    (void)mark;
    if (length == 0)
        note(c, "%s~%c ", c->length > 0 ? " " : "", side);
    else
        note(c, "%s!%c%llu ", c->length > 0 ? " " : "", side, (unsigned long long)length);
    return true;
}

static void on_ended(void *user, struct connection *connection, enum connection_end end)
{
    static const char *const names[CONNECTION_ENDS] = {"fin",  "reset",   "replaced",
                                                       "idle", "evicted", "capture"};

    struct conversation *c = user;

    c->closer = connection->closer;
    c->closed_ns = connection->closed_ns;
    note(c, " .%s ", names[end]);
}

static void on_silent(void *user, struct connection *connection, enum connection_end end)
{
    struct conversation *c = user;

    (void)connection;
    (void)end;
    c->silent++;
}

void conversation_start(struct conversation *c, uint32_t client, uint32_t server)
{
    static const struct connection_handler handler = {on_octets, on_lost, on_ended, on_silent};
    const uint16_t ports[] = {143, c->other_port};
    struct connection_table_options options;
    const struct conversation asked = *c;

    memset(c, 0, sizeof *c);
    c->through_nids = asked.through_nids;
    c->stop_after_octets = asked.stop_after_octets;
    c->max_connections = asked.max_connections;
    c->max_half_open = asked.max_half_open;
    c->other_port = asked.other_port;
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = c->other_port != 0 ? 2 : 1;
    options.max_repairs = 16;
    options.everything_through_nids = c->through_nids;
    if (c->max_connections != 0)
        options.max_connections = c->max_connections;
    if (c->max_half_open != 0)
        options.max_half_open = c->max_half_open;
    c->table = connection_table_new(&options, &handler, c);
    c->next[STREAM_CLIENT] = client;
    c->next[STREAM_SERVER] = server;
    c->now_ns = INT64_C(1700000000000000000);
}

static void address(uint8_t *to, uint8_t last)
{
    static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0};

    memcpy(to, mapped, 16);
    to[15] = last;
}

static void make(struct conversation *c, enum stream_side side, uint8_t flags)
{
    enum stream_side other = side_across(side);

    memset(&c->segment, 0, sizeof c->segment);
    address(c->segment.source, side == STREAM_CLIENT ? 1 : 2);
    address(c->segment.destination, side == STREAM_CLIENT ? 2 : 1);
    c->segment.source_port = side == STREAM_CLIENT ? 40000 : 143;
    c->segment.destination_port = side == STREAM_CLIENT ? 143 : 40000;
    c->segment.sequence = c->next[side];
    c->segment.acknowledgment = flags & SEGMENT_ACK ? c->next[other] : 0;
    c->segment.flags = flags;
    c->segment.vlan = c->vlan[side];
    c->segment.payload = (const uint8_t *)"";
}

void conversation_take(struct conversation *c)
{
    c->now_ns += 1000000;
    c->segment.time_ns = c->now_ns;
    c->segment.frame = ++c->frame;
    connection_table_take(c->table, &c->segment);
}

void conversation_flags(struct conversation *c, enum stream_side side, uint8_t flags)
{
    make(c, side, flags);
    conversation_take(c);
    if (flags & (SEGMENT_SYN | SEGMENT_FIN))
        c->next[side]++;
}

void conversation_handshake(struct conversation *c)
{
    conversation_flags(c, STREAM_CLIENT, SEGMENT_SYN);
    conversation_flags(c, STREAM_SERVER, SEGMENT_SYN | SEGMENT_ACK);
    conversation_flags(c, STREAM_CLIENT, SEGMENT_ACK);
}

void conversation_say_at(struct conversation *c, enum stream_side side, int32_t offset, const char *text,
                         int32_t acked)
{
    make(c, side, SEGMENT_ACK | SEGMENT_PSH);
    c->segment.sequence += (uint32_t)offset;
    c->segment.acknowledgment += (uint32_t)acked;
    c->segment.payload = (const uint8_t *)text;
    c->segment.captured = c->segment.length = (uint32_t)strlen(text);
    conversation_take(c);
}

void conversation_say(struct conversation *c, enum stream_side side, const char *text)
{
    conversation_say_at(c, side, 0, text, 0);
    c->next[side] += (uint32_t)strlen(text);
}

/* One blank between words, whatever the order of the calls made of it, and none after the last. */
static void squeeze(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++)
        if (*in != ' ' || (out > text && out[-1] != ' '))
            *out++ = *in;
    if (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
}

const char *conversation_end(struct conversation *c)
{
    connection_table_finish(c->table);
    connection_table_free(c->table);
    c->table = NULL;
    squeeze(c->text);
    return c->text;
}
