/*
 * bench_generate WORKLOAD CAPTURE TRUTH [--scale N] [--seed N] [--rows FILE]: writes a capture of many
 * connections and the truth about it. The same arguments give the same octets.
 */
#include "tests/bench/conversation.h"
#include "tests/bench/hostile.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct workload {
    const char *name;
    uint32_t connections; /* in all */
    uint32_t open;        /* at once */
    uint32_t mail;        /* octets that each reads */
    uint32_t other;       /* full-size segments of other traffic */
    bool hostile;
};

static const struct workload workloads[] = {
    {"dense", 100000, 64, 0, 0, false},
    {"mixed", 925, 16, 0, 388000, false}, /* 3 of 100 segments are IMAP */
    {"fetch", 5000, 16, 200000, 0, false},
    {"wide", 200000, 100000, 0, 0, false},
    {"hostile", 5000, 64, 0, 0, true},
};

#define OTHER_FLOWS 300

/* All that a capture is made of. */
struct generation {
    struct workload workload;
    struct wire wire;
    struct truth truth;
    struct conversation *open;
    uint32_t open_count, started;
    struct wire_end (*others)[2];
    uint32_t others_left;
    struct hostile *hostile;
};

static bool start_next(struct generation *g, struct conversation *conversation)
{
    if (g->started == g->workload.connections)
        return false;
    conversation_start(conversation, &g->wire, g->started++, g->workload.mail);
    return true;
}

/* A step of one of the open connections. */
static void step_imap(struct generation *g)
{
    struct conversation *conversation = &g->open[wire_below(&g->wire, g->open_count)];

    if (conversation_step(conversation, &g->wire, &g->truth) || start_next(g, conversation))
        return;
    *conversation = g->open[--g->open_count];
}

/* --- other traffic: servers of the web and the like send full segments, of which every second is
 * acknowledged --- */

static void start_others(struct generation *g)
{
    static const uint16_t ports[] = {443, 443, 443, 80, 445, 22, 3389, 8080};

    for (uint32_t i = 0; i < OTHER_FLOWS; i++) {
        struct wire_end *client = &g->others[i][0], *server = &g->others[i][1];

        *client = (struct wire_end){0x0a020000 + i, (uint16_t)(20000 + i), (uint32_t)wire_random(&g->wire)};
        *server = (struct wire_end){0x0ac90000 + i % 40, ports[i % 8], (uint32_t)wire_random(&g->wire)};
        wire_segment(&g->wire, client, server, WIRE_SYN, "", 0);
        wire_segment(&g->wire, server, client, WIRE_SYN | WIRE_ACK, "", 0);
        wire_segment(&g->wire, client, server, WIRE_ACK, "", 0);
    }
}

static void step_other(struct generation *g)
{
    static uint64_t noise[8192];
    struct wire_end *flow = g->others[wire_below(&g->wire, OTHER_FLOWS)];
    size_t at = wire_below(&g->wire, sizeof noise - WIRE_FULL);

    if (noise[0] == 0)
        for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++)
            noise[i] = wire_random(&g->wire);
    wire_segment(&g->wire, &flow[1], &flow[0], WIRE_ACK, (const uint8_t *)noise + at, WIRE_FULL);
    g->others_left--;
}

/* Each kind of traffic is drawn by what is left of it, so that all last to the end. */
static void generate(struct generation *g)
{
    uint64_t imap_left = (uint64_t)g->workload.connections * 13, imap_start = imap_left;

    while (g->open_count < g->workload.open && start_next(g, &g->open[g->open_count]))
        g->open_count++;
    if (g->others != NULL)
        start_others(g);
    for (;;) {
        uint64_t hostile_left = g->hostile == NULL ? 0 : hostile_left_of(g->hostile);
        uint64_t left = (g->open_count > 0 ? imap_left : 0) + g->others_left + hostile_left;
        uint64_t drawn;

        if (left == 0)
            return;
        drawn = wire_random(&g->wire) % left;
        if (drawn < g->others_left) {
            step_other(g);
        } else if (drawn < g->others_left + hostile_left) {
            hostile_step(g->hostile, &g->wire);
        } else {
            step_imap(g);
            if (imap_left > 1 + imap_start / 1000000)
                imap_left--;
        }
    }
}

/* --- the command --- */

static uint32_t scaled(uint32_t number, double scale)
{
    double result = number * scale;

    return number == 0 ? 0 : result < 1 ? 1 : (uint32_t)result;
}

static bool prepare(struct generation *g, double scale)
{
    struct workload *w = &g->workload;

    w->connections = scaled(w->connections, scale);
    w->other = scaled(w->other, scale);
    if (scale < 1 && w->open > 1000)
        w->open = scaled(w->open, scale);
    g->others_left = w->other;
    g->open = calloc(w->open, sizeof *g->open);
    if (w->other > 0)
        g->others = calloc(OTHER_FLOWS, sizeof *g->others);
    if (w->hostile)
        g->hostile = hostile_new(&g->wire, scale);
    return g->open != NULL && (w->other == 0 || g->others != NULL) && (!w->hostile || g->hostile != NULL);
}

static int usage(void)
{
    fputs("usage: bench_generate WORKLOAD CAPTURE TRUTH [--scale N] [--seed N] [--rows FILE]\nworkloads:",
          stderr);
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
        fprintf(stderr, " %s", workloads[i].name);
    fputc('\n', stderr);
    return 2;
}

static bool parse(int argc, char **argv, double *scale, uint64_t *seed, const char **rows)
{
    static const struct option options[] = {{"scale", required_argument, NULL, 's'},
                                            {"seed", required_argument, NULL, 'e'},
                                            {"rows", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            *scale = strtod(optarg, NULL);
        else if (option == 'e')
            *seed = strtoull(optarg, NULL, 10);
        else if (option == 'r')
            *rows = optarg;
        else
            return false;
    }
    return argc - optind == 3 && *scale > 0 && *scale <= 40; /* beyond, ports run out */
}

int main(int argc, char **argv)
{
    struct generation *g = calloc(1, sizeof *g);
    const char *rows_name = NULL;
    FILE *out = NULL, *truth = NULL, *rows = NULL;
    uint64_t seed = 1;
    double scale = 1;
    int status = 1;

    if (g == NULL || !parse(argc, argv, &scale, &seed, &rows_name)) {
        free(g);
        return usage();
    }
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
        if (strcmp(workloads[i].name, argv[optind]) == 0)
            g->workload = workloads[i];
    if (g->workload.name == NULL) {
        free(g);
        return usage();
    }
    out = fopen(argv[optind + 1], "wb");
    truth = fopen(argv[optind + 2], "w");
    if (rows_name != NULL)
        rows = fopen(rows_name, "w");
    if (out == NULL || truth == NULL || (rows_name != NULL && rows == NULL)) {
        perror("bench_generate: a file cannot be made");
        goto cleanup;
    }
    (void)setvbuf(out, NULL, _IOFBF, 1 << 20);
    wire_start(&g->wire, out, seed);
    truth_start(&g->truth, rows);
    if (!prepare(g, scale)) {
        fputs("bench_generate: out of memory\n", stderr);
        goto cleanup;
    }
    generate(g);
    truth_write(&g->truth, truth);
    fprintf(truth, "frames %llu\n", (unsigned long long)g->wire.frames);
    status = 0;
cleanup:
    if (out != NULL && (ferror(out) || fclose(out) != 0))
        status = 1;
    if (truth != NULL && fclose(truth) != 0)
        status = 1;
    if (rows != NULL && fclose(rows) != 0)
        status = 1;
    if (status != 0)
        fputs("bench_generate: the capture is not whole\n", stderr);
    free(g->open);
    free(g->others);
    hostile_free(g->hostile);
    free(g);
    return status;
}
