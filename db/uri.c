/*
 * Percent-encodes a path.
 */
#include "db/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *uri_of(const char *path, const char *parameters)
{
    static const char digits[] = "0123456789ABCDEF";
    char *real = realpath(path, NULL), *uri = NULL;
    size_t size, at;

    if (real == NULL)
        return NULL;
    size = sizeof "file://?" + strlen(real) * 3 + strlen(parameters);
    uri = malloc(size);
    if (uri == NULL)
        goto cleanup;
    at = (size_t)snprintf(uri, size, "file://");
    for (const char *in = real; *in != '\0'; in++) {
        if (strchr("%?#", *in) == NULL) {
            uri[at++] = *in;
            continue;
        }
        uri[at++] = '%';
        uri[at++] = digits[(unsigned char)*in >> 4];
        uri[at++] = digits[(unsigned char)*in & 0x0F];
    }
    (void)snprintf(uri + at, size - at, "?%s", parameters);
cleanup:
    free(real);
    return uri;
}

char *uri_avoid(const char *path)
{
    char *plain;

    return asprintf(&plain, "%s%s", strncmp(path, "file:", 5) == 0 ? "./" : "", path) < 0 ? NULL : plain;
}
