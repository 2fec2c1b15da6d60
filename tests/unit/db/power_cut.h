/*
 * What a disk holds after a power cut: of each file what was synced, and of what was written since any part.
 */
#ifndef IMAPTAP_TESTS_DB_POWER_CUT_H
#define IMAPTAP_TESTS_DB_POWER_CUT_H

#include <sqlite3.h>

/* A file was opened; `real` is its handle of the real file system. Returns its number, or -1 for one that is
 * not watched. */
int power_cut_opened(const char *path, sqlite3_file *real);
/* All that was written to it is safe now, and its name, too. */
void power_cut_synced(int number, sqlite3_file *real);
/* It was deleted; `synced`: and that is safe. */
void power_cut_deleted(const char *path, int synced);

/* The power goes: brings the files on the disk to a state that the cut may have left, which `seed` chooses,
 * and ends the process. */
_Noreturn void power_cut_now(unsigned seed);

#endif
