/*
 * Prints what the connection table delivers from a capture, call by call: deliver CAPTURE [--through-nids]
 *
 *   N begin CLIENT PORT SERVER PORT    the Nth connection, with its first call
 *   N C FRAME HEX                      octets of the client (S: of the server)
 *   N C FRAME lost OCTETS              a hole (0: the direction was met in its middle)
 *   N end HOW                          as enum connection_end numbers it
 */
#include "analyzer/capture/capture_file.h"
#include "analyzer/decap/decap.h"
#include "analyzer/stream/connection_table.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct number {
    unsigned value;
};

static void print_address(const uint8_t address[16])
{
    char text[INET6_ADDRSTRLEN];
    const struct in6_addr *six = (const struct in6_addr *)address;

    if (IN6_IS_ADDR_V4MAPPED(six))
        inet_ntop(AF_INET, address + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, address, text, sizeof text);
    printf(" %s", text);
}

/* The connection's number; NULL: out of memory. */
static struct number *number_of(struct connection *connection)
{
    static unsigned last;
    struct number *number = connection->user;

    if (number != NULL)
        return number;
    number = malloc(sizeof *number);
    if (number == NULL)
        return NULL;
    number->value = ++last;
    connection->user = number;
    printf("%u begin", number->value);
    print_address(connection_address(connection, STREAM_CLIENT));
    printf(" %u", connection_port(connection, STREAM_CLIENT));
    print_address(connection_address(connection, STREAM_SERVER));
    printf(" %u\n", connection_port(connection, STREAM_SERVER));
    return number;
}

static bool on_octets(void *user, struct connection *connection, enum stream_side from, const uint8_t *octets,
                      size_t length, const struct imap_mark *mark)
{
    const struct number *number = number_of(connection);

    (void)user;
    if (number == NULL)
        return false;
    printf("%u %c %" PRIu64 " ", number->value, from == STREAM_CLIENT ? 'C' : 'S', mark->frame);
    for (size_t i = 0; i < length; i++)
        printf("%02x", octets[i]);
    putchar('\n');
    return true;
}

static bool on_lost(void *user, struct connection *connection, enum stream_side from, uint64_t length,
                    const struct imap_mark *mark)
{
    const struct number *number = number_of(connection);

    (void)user;
    if (number == NULL)
        return false;
    printf("%u %c %" PRIu64 " lost %" PRIu64 "\n", number->value, from == STREAM_CLIENT ? 'C' : 'S',
           mark->frame, length);
    return true;
}

static void on_ended(void *user, struct connection *connection, enum connection_end end)
{
    struct number *number = connection->user;

    (void)user;
    if (number == NULL)
        return;
    printf("%u end %d\n", number->value, (int)end);
    free(number);
    connection->user = NULL;
}

int main(int argc, char **argv)
{
    static const struct connection_handler handler = {on_octets, on_lost, on_ended, NULL};
    static const uint16_t ports[] = {143};
    struct connection_table_options options;
    struct connection_table *table = NULL;
    struct capture_file *file = NULL;
    struct decap *decap = NULL;
    enum capture_status status;
    struct segment segment;
    struct frame frame;
    int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    int result = 1;

    if (fd < 0) {
        fprintf(stderr, "usage: deliver CAPTURE [--through-nids]\n");
        return 2;
    }
    connection_table_defaults(&options);
    options.ports = ports;
    options.port_count = 1;
    options.everything_through_nids = argc > 2 && strcmp(argv[2], "--through-nids") == 0;
    file = capture_file_new(fd, 0);
    decap = decap_new();
    table = connection_table_new(&options, &handler, NULL);
    if (file == NULL || decap == NULL || table == NULL)
        goto cleanup;
    while ((status = capture_file_next(file, &frame)) == CAPTURE_FRAME)
        if (decap_frame(decap, &frame, &segment) == DECAP_SEGMENT)
            connection_table_take(table, &segment);
    if (status == CAPTURE_BROKEN)
        fprintf(stderr, "%s\n", capture_file_error(file));
    connection_table_finish(table);
    result = status == CAPTURE_END && fflush(stdout) == 0 ? 0 : 1;
cleanup:
    connection_table_free(table);
    decap_free(decap);
    capture_file_free(file);
    close(fd);
    return result;
}
