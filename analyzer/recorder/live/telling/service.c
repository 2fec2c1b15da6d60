/*
 * What a supervisor is told, through libsystemd.
 */
#include "analyzer/recorder/live/telling/service.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

void service_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void service_status(const char *text)
{
    static char told[256];

    if (strncmp(told, text, sizeof told - 1) == 0)
        return;
    (void)snprintf(told, sizeof told, "%s", text);
    (void)sd_notifyf(0, "STATUS=%s", told);
}

void service_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

int64_t service_alive(int64_t now_ms)
{
    static int64_t due_ms;
    uint64_t limit_us;

    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return INT64_MAX;
    if (now_ms >= due_ms) {
        (void)sd_notify(0, "WATCHDOG=1");
        due_ms = now_ms + (int64_t)(limit_us / 2000);
    }
    return due_ms - now_ms;
}
