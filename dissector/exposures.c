/* The table of exposures. */
#include "dissector/exposures.h"

#include <stddef.h>

static const struct imap_exposure_info exposures[IMAP_EXPOSURES] = {
    [IMAP_EXPOSURE_GUESSABLE] =
        {"guessable", "A challenge-response exchange was readable: its password can be guessed offline",
         "RFC 5802 section 9; RFC 2195; RFC 6331; RFC 8314 section 3",
         "Use TLS, also with a mechanism of the SCRAM family: A1 STARTTLS, and when TLS is complete A2 "
         "AUTHENTICATE SCRAM-SHA-256",
         "no", "no", "no"},
    /* RFC 9051 section 6.2.3: "clients MUST NOT use LOGIN on unsecure networks"; of AUTHENTICATE it says no
     * such thing, and whether a network is secure does not stand in a capture. */
    [IMAP_EXPOSURE_PASSWORD] =
        {"password", "A secret that can be used again (a password or a token) was readable",
         "RFC 9051 section 6.2.3 and section 11; RFC 8314 section 3",
         "Use implicit TLS (port 993) or STARTTLS, and have the server refuse logins without it "
         "(LOGINDISABLED): A1 STARTTLS, and when TLS is complete A2 LOGIN \"alice\" \"<password>\"",
         "no", "no", "conditional"},
};

const struct imap_exposure_info *imap_exposure_info(enum imap_exposure exposure)
{
    return exposure == IMAP_EXPOSURE_NONE ? NULL : &exposures[exposure];
}
