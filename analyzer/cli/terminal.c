/*
 * Asks the terminal.
 */
#include "analyzer/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

unsigned terminal_columns(unsigned otherwise)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
               ? size.ws_col
               : otherwise;
}
