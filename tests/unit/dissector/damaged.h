/*
 * What a capture may miss of a conversation: its beginning, segments, all of one side, the ends of packets.
 * Whatever is missing, nothing may be reported that did not happen: no user name that was not sent, no
 * verdict that was not given, no login that the whole conversation does not have, and no rule that it does
 * not break.
 */
#ifndef IMAPTAP_TESTS_UNIT_DISSECTOR_DAMAGED_H
#define IMAPTAP_TESTS_UNIT_DISSECTOR_DAMAGED_H

#include "tests/unit/dissector/transcript.h"

/* Damages a conversation in every way, and IMAPTAP_DAMAGE_ROUNDS (else 20) times at random; a failure names
 * the conversation and the damage. A conversation in which octets are missing already is left alone. */
void check_damaged(const struct conversation *conversation);
/* Damaged conversations so far. */
unsigned long damaged_count(void);

#endif
