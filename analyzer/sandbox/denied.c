/*
 * Names a denied system call, from within the signal handler that the kernel runs in its place.
 */
#include "analyzer/sandbox/denied.h"

#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names are looked up beforehand: libseccomp allocates memory for each, which a signal handler must not. */
#define CALLS 512

static char names[CALLS][32];
static char sentence_start[64];

static void append(char *text, size_t size, const char *more)
{
    size_t length = strlen(text);

    while (*more != '\0' && length + 1 < size)
        text[length++] = *more++;
    text[length] = '\0';
}

static void append_number(char *text, size_t size, int number)
{
    char digits[16] = {0};
    size_t at = sizeof digits - 1;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(text, size, digits + at);
}

/* Nothing but write and raise: the process may be anywhere, in the memory allocator for one. */
static void on_denied_call(int signal_number, siginfo_t *about, void *context)
{
    int call = about->si_syscall;
    char sentence[160] = {0};

    (void)context;
    append(sentence, sizeof sentence, sentence_start);
    if (call >= 0 && call < CALLS && names[call][0] != '\0') {
        append(sentence, sizeof sentence, names[call]);
    } else {
        append(sentence, sizeof sentence, "number ");
        append_number(sentence, sizeof sentence, call < 0 ? 0 : call);
    }
    append(sentence, sizeof sentence, ", which its sandbox denies: it was ended\n");
    if (write(STDERR_FILENO, sentence, strlen(sentence)) < 0)
        (void)signal_number; /* nobody to report to */
    (void)raise(signal_number);
}

static void learn_names(void)
{
    for (int i = 0; i < CALLS; i++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

        if (name != NULL)
            (void)snprintf(names[i], sizeof names[i], "%s", name);
        free(name);
    }
}

int denied_prepare(const char *who)
{
    /* the handler is gone when it runs: what it raises ends the process */
    struct sigaction action = {.sa_sigaction = on_denied_call,
                               .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER)};
    sigset_t only;

    (void)snprintf(sentence_start, sizeof sentence_start, "imaptap: %s made the system call ", who);
    if (names[0][0] == '\0')
        learn_names();
    sigemptyset(&only);
    sigaddset(&only, SIGSYS);
    if (sigprocmask(SIG_UNBLOCK, &only, NULL) != 0)
        return -1;
    return sigaction(SIGSYS, &action, NULL);
}
