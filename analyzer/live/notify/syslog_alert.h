/*
 * The system's log, as syslog(3) reaches it, but without ever waiting: that function holds up who calls it
 * while the log's daemon takes nothing.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_NOTIFY_SYSLOG_ALERT_H
#define IMAPTAP_ANALYZER_LIVE_NOTIFY_SYSLOG_ALERT_H

/* Opens the way to the daemon. Returns a descriptor that never blocks, where each write is a message; or -1
 * with errno set. */
int syslog_alert_open(void);

/* A message as the daemon takes it, with facility daemon, time, and who we are. `priority`: LOG_WARNING and
 * the like. Free it; NULL: out of memory. */
char *syslog_alert_message(int priority, const char *text);

#endif
