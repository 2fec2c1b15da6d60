/* Who logs in, and with what. */
#include "dissector/attempt/credentials.h"

void credentials_free(struct credentials *credentials, struct budget *budget)
{
    kept_free(&credentials->username, budget);
    kept_free(&credentials->authzid, budget);
    kept_free(&credentials->secret, budget);
    kept_free(&credentials->workstation, budget);
    kept_free(&credentials->scraps, budget);
}
