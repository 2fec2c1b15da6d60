/*
 * Feeds the judgement of replies hostile texts: what is found lies inside the text, whole and in order.
 *
 * The input: an octet for the status, an octet for the length of the response code, the code, the text.
 */
#include "dissector/replies/replies.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* A copy of its own, so that the sanitizer sees a read beyond it. */
static char *copy_of(const uint8_t *octets, size_t length)
{
    char *copy = malloc(length + 1);
    check(copy != NULL);
    memcpy(copy, octets, length);
    return copy;
}

static void check_spans(const struct reply *reply)
{
    struct reply_span spans[REPLY_SPANS];
    size_t at = 0;
    size_t count = replies_match(reply, spans);
    check(count <= REPLY_SPANS);
    for (size_t i = 0; i < count; i++) {
        check(spans[i].offset == at && spans[i].length > 0 && spans[i].kind <= REPLY_PLACE);
        at += spans[i].length;
    }
    check(count == 0 || at == reply->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t code_length = data[1] < size - 2 ? data[1] : size - 2;
    char *code = copy_of(data + 2, code_length);
    size_t length = size - 2 - code_length;
    char *text = copy_of(data + 2 + code_length, length);
    const struct reply reply = {
        .status = (enum reply_status)(data[0] % REPLY_STATUSES),
        .code = realloc(code, code_length ? code_length : 1),
        .code_length = code_length,
        .text = realloc(text, length ? length : 1),
        .length = length,
    };
    struct reply_meaning meaning = replies_judge(&reply);
    check(reply_cause_name(meaning.cause) && reply_certainty_name(meaning.certainty) &&
          reply_source_name(meaning.source));
    check(meaning.source != REPLY_BY_WORDS || meaning.certainty < REPLY_SURE);
    check_spans(&reply);
    check(replies_capability_known(reply.text, length) <= length);
    check(!replies_word_is_known(reply.text, length) || length < 64);
    check(!replies_code_is_known(reply.code, code_length) || code_length < 64);
    free((char *)reply.code);
    free((char *)reply.text);
    return 0;
}
