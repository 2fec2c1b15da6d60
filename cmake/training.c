/*
 * Linked into the program that is trained: it has no sandbox, which would keep it from writing down what it
 * counted, and an analyzer writes that before it ends.
 */
#include "analyzer/sandbox/sandbox.h"

void __gcov_dump(void);
_Noreturn void __real__exit(int status);

_Noreturn void __wrap__exit(int status);
int __wrap_sandbox_enter_analyzer(const struct sandbox_analyzer *analyzer);
int __wrap_sandbox_enter_recorder_files(const struct sandbox_recorder *recorder);
int __wrap_sandbox_enter_recorder_calls(bool live);

void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

int __wrap_sandbox_enter_analyzer(const struct sandbox_analyzer *analyzer)
{
    (void)analyzer;
    return 0;
}

int __wrap_sandbox_enter_recorder_files(const struct sandbox_recorder *recorder)
{
    (void)recorder;
    return 0;
}

int __wrap_sandbox_enter_recorder_calls(bool live)
{
    (void)live;
    return 0;
}
