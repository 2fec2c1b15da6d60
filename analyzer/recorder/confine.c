/*
 * Holds the recorder process to what it needs from then on.
 */
#include "analyzer/recorder/confine.h"

#include "analyzer/walls/walls.h"

#include <libgen.h>
#include <sqlite3.h>
#include <stdlib.h>

int confine_recorder(const char *database, const char *followed, bool live)
{
    /* journals are made where the file is, not where a link to it is */
    char *file = realpath(database, NULL), *folder = file == NULL ? NULL : dirname(file);
    const struct walls_path paths[] = {{folder, WALLS_WRITE}, {followed, WALLS_READ}};
    const struct walls_recorder recorder = {
        .live = live, .paths = paths, .path_count = followed == NULL ? 1 : 2};
    int status = -1;

    if (file == NULL)
        return -1;
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder);
    if (sqlite3_temp_directory != NULL)
        status = walls_hold_recorder(&recorder);
    free(file);
    return status;
}
