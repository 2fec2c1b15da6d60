/*
 * nids_loop FILE: libnids as it comes reassembles port 143 of the capture, and nothing is done with it.
 */
#include <nids.h>
#include <stdio.h>

static void collect(struct tcp_stream *stream, void **user)
{
    (void)user;
    if (stream->nids_state != NIDS_JUST_EST || stream->addr.dest != 143)
        return;
    stream->client.collect = 1;
    stream->server.collect = 1;
}

static void be_silent(int type, int error, struct ip *header, void *data)
{
    (void)type;
    (void)error;
    (void)header;
    (void)data;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: nids_loop FILE\n", stderr);
        return 2;
    }
    nids_params.filename = argv[1];
    nids_params.device = NULL;
    nids_params.scan_num_hosts = 0;
    nids_params.syslog = be_silent;
    nids_params.n_tcp_streams = 150000; /* room for the workload with 100,000 open at once */
    if (!nids_init()) {
        fprintf(stderr, "nids_loop: %s\n", nids_errbuf);
        return 1;
    }
    nids_register_tcp(collect);
    (void)nids_run();
    nids_exit();
    return 0;
}
