/*
 * Which interfaces there are, as rtnetlink reports.
 */
#include "analyzer/live/interface_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the first answer may take. */
#define FIRST_MS 2000

struct followed {
    const char *name;
    int index; /* of the kernel; 0: not there */
    struct link_state state;
};

struct interface_watch {
    int fd;
    struct followed *followed;
    size_t count;
    bool answered; /* the last asking, whole */
};

static int open_socket(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The attribute of this type; NULL: there is none, or it is shorter than `size`. */
static const void *attribute(const struct nlmsghdr *message, unsigned short type, size_t size)
{
    size_t left = message->nlmsg_len - NLMSG_LENGTH(sizeof(struct ifinfomsg));
    const uint8_t *octets = (const uint8_t *)message + NLMSG_SPACE(sizeof(struct ifinfomsg));

    while (left >= sizeof(struct rtattr)) {
        const struct rtattr *at = (const void *)octets;
        size_t length = at->rta_len;

        if (length < sizeof *at || length > left)
            break;
        if (at->rta_type == type)
            return length - RTA_LENGTH(0) < size ? NULL : octets + RTA_LENGTH(0);
        if (RTA_ALIGN(length) >= left)
            break;
        octets += RTA_ALIGN(length);
        left -= RTA_ALIGN(length);
    }
    return NULL;
}

static struct followed *find(struct interface_watch *links, const struct nlmsghdr *message)
{
    const struct ifinfomsg *about = NLMSG_DATA(message);
    const char *name = attribute(message, IFLA_IFNAME, 2);

    for (size_t i = 0; i < links->count; i++)
        if (name != NULL && strncmp(links->followed[i].name, name, IFNAMSIZ) == 0)
            return &links->followed[i];
    /* renamed: that interface is gone for us */
    for (size_t i = 0; i < links->count; i++)
        if (links->followed[i].index == about->ifi_index && links->followed[i].index > 0)
            links->followed[i].state.there = links->followed[i].state.up = false;
    return NULL;
}

static void take(struct interface_watch *links, const struct nlmsghdr *message)
{
    const struct ifinfomsg *about = NLMSG_DATA(message);
    struct rtnl_link_stats64 counted;
    struct followed *followed;
    const void *counts;

    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
        links->answered = true;
    if ((message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) ||
        message->nlmsg_len < NLMSG_LENGTH(sizeof *about))
        return;
    followed = find(links, message);
    if (followed == NULL)
        return;
    if (message->nlmsg_type == RTM_DELLINK) {
        /* bridges report the end of a membership in the same way */
        if (about->ifi_family == AF_UNSPEC)
            followed->state.there = followed->state.up = false;
        return;
    }
    followed->index = about->ifi_index;
    followed->state.there = true;
    followed->state.up = about->ifi_flags & IFF_UP;
    counts = attribute(message, IFLA_STATS64, offsetof(struct rtnl_link_stats64, tx_aborted_errors));
    if (counts == NULL)
        return;
    memset(&counted, 0, sizeof counted);
    memcpy(&counted, counts, offsetof(struct rtnl_link_stats64, tx_aborted_errors));
    /* as libpcap counts them */
    followed->state.dropped = (int64_t)(counted.rx_missed_errors + counted.rx_fifo_errors);
}

void interface_watch_ask(struct interface_watch *links)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg about;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .about = {.ifi_family = AF_UNSPEC},
    };

    links->answered = false;
    if (send(links->fd, &request, sizeof request, 0) < 0)
        links->answered = true; /* the next asking may fare better */
}

void interface_watch_read(struct interface_watch *links)
{
    union {
        struct nlmsghdr header;
        char octets[32768];
    } buffer;

    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(links->fd, &buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
        unsigned left = n > 0 ? (unsigned)n : 0;

        if (n < 0 && errno == ENOBUFS)
            interface_watch_ask(links); /* more was reported than fits: what is missing is asked for */
        else if (n < 0 && errno != EINTR)
            return;
        if (from.nl_pid != 0)
            continue; /* not the kernel's word */
        for (const struct nlmsghdr *at = &buffer.header; n > 0 && NLMSG_OK(at, left);
             at = NLMSG_NEXT(at, left))
            take(links, at);
    }
}

struct interface_watch *interface_watch_new(const char *const *names, size_t count)
{
    struct interface_watch *links = calloc(1, sizeof *links);

    if (links == NULL)
        return NULL;
    links->followed = calloc(count ? count : 1, sizeof *links->followed);
    links->fd = open_socket();
    if (links->followed == NULL || links->fd < 0) {
        interface_watch_free(links);
        return NULL;
    }
    links->count = count;
    for (size_t i = 0; i < count; i++) {
        links->followed[i].name = names[i];
        if (strcmp(names[i], "any") == 0)
            links->followed[i].state.there = links->followed[i].state.up = true;
    }
    interface_watch_ask(links);
    while (!links->answered) {
        struct pollfd ready = {links->fd, POLLIN, 0};

        if (poll(&ready, 1, FIRST_MS) <= 0)
            break;
        interface_watch_read(links);
    }
    return links;
}

int interface_watch_fd(const struct interface_watch *links)
{
    return links->fd;
}

struct link_state interface_watch_state(const struct interface_watch *links, size_t number)
{
    return links->followed[number].state;
}

void interface_watch_free(struct interface_watch *links)
{
    if (links == NULL)
        return;
    if (links->fd >= 0)
        close(links->fd);
    free(links->followed);
    free(links);
}
