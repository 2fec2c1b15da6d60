/*
 * What a supervisor (systemd) is sent: that the capture runs, how it goes, and that it is alive. Without one,
 * nothing is done.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_NOTIFY_SERVICE_H
#define IMAPTAP_ANALYZER_LIVE_NOTIFY_SERVICE_H

#include <stdint.h>

/* Everything has started. */
void service_ready(void);

/* One line on how it goes; the same as before is not sent again. */
void service_status(const char *text);

/* It ends. */
void service_stopping(void);

/* Says that it is alive when that is due. Returns in how many milliseconds it is due again; INT64_MAX: nobody
 * asks. */
int64_t service_alive(int64_t now_ms);

#endif
