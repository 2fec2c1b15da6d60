/* Who logs in, and with what. */
#include "dissector/attempt/credentials.h"

void credentials_free(struct credentials *credentials, struct budget *budget)
{
    bounded_text_free(&credentials->username, budget);
    bounded_text_free(&credentials->authzid, budget);
    bounded_text_free(&credentials->secret, budget);
    bounded_text_free(&credentials->workstation, budget);
    bounded_text_free(&credentials->scraps, budget);
}
