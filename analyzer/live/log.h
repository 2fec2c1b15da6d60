/*
 * What a live capture says while it runs: one line on standard error each, after its
 * priority (sd-daemon(3)) when that is the journal of systemd.
 */
#ifndef IMAPTAP_ANALYZER_LIVE_LOG_H
#define IMAPTAP_ANALYZER_LIVE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR,   /* something is lost */
    LOG_LEVEL_WARNING, /* something will be, or may be */
    LOG_LEVEL_NOTICE   /* what happened */
};

/* Texts from the wire or from an analyzer must be among the arguments, not in the format: all that a terminal
 * would act on is escaped. */
__attribute__((format(printf, 2, 3))) void log_say(enum log_level level, const char *format, ...);

/* Nothing below warnings is said from now on. */
void log_be_quiet(void);

#endif
