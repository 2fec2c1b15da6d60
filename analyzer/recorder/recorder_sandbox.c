/*
 * Holds the recorder process to what it needs from then on.
 */
#include "analyzer/recorder/recorder_sandbox.h"

#include "analyzer/sandbox/sandbox.h"

#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* Journals are made where the file is, not where a link to it is. NULL: there is no such folder. */
static char *folder_of(const char *database)
{
    char *file = realpath(database, NULL), *name = file == NULL ? strdup(database) : file;
    char *folder = name == NULL ? NULL : realpath(dirname(name), NULL);

    free(name);
    return folder;
}

int recorder_sandbox_enter_files(const char *database, const char *followed, const char *replaced, bool live)
{
    char *folder = folder_of(database);
    char *other = replaced == NULL ? NULL : strdup(replaced);
    struct sandbox_path paths[3] = {{folder, SANDBOX_WRITE}};
    struct sandbox_recorder recorder = {.live = live, .paths = paths, .path_count = 1};
    int status = -1;

    if (folder == NULL || (replaced != NULL && other == NULL))
        goto cleanup;
    if (followed != NULL)
        paths[recorder.path_count++] = (struct sandbox_path){followed, SANDBOX_READ};
    if (other != NULL)
        paths[recorder.path_count++] = (struct sandbox_path){dirname(other), SANDBOX_WRITE};
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder);
    if (sqlite3_temp_directory != NULL)
        status = sandbox_enter_recorder_files(&recorder);
cleanup:
    free(other);
    free(folder);
    return status;
}

int recorder_sandbox_enter(const char *database, const char *followed, const char *replaced, bool live)
{
    if (recorder_sandbox_enter_files(database, followed, replaced, live) != 0)
        return -1;
    return sandbox_enter_recorder_calls(live);
}
