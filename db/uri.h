/*
 * Names of files as SQLite takes them where a file is to be opened in a special way.
 */
#ifndef IMAPTAP_DB_URI_H
#define IMAPTAP_DB_URI_H

/* "file:///FOLDER/FILE?parameters" of an existing file, whatever characters are in its name. NULL: there is
 * no such file, or memory ran out. Free it with free. */
char *uri_of(const char *path, const char *parameters);

/* A path as SQLite takes it for one, also when it begins with "file:". NULL: out of memory. Free it with
 * free. */
char *uri_avoid(const char *path);

#endif
