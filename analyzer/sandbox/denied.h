/*
 * What happens when a process makes a system call that its filter does not allow: the call is named on
 * standard error, and the process ends by SIGSYS.
 */
#ifndef IMAPTAP_ANALYZER_SANDBOX_DENIED_H
#define IMAPTAP_ANALYZER_SANDBOX_DENIED_H

/* Call it before the filter is installed. `who`: the process, as in "the analyzer"; a constant. Returns 0, or
 * -1 with errno set. */
int denied_prepare(const char *who);

#endif
