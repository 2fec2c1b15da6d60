/*
 * The words that stand in the database for the values of the record's enums.
 */
#include "db/names.h"

#define NAME_OF(names, value) ((size_t)(value) < sizeof(names) / sizeof *(names) ? (names)[value] : NULL)

const char *name_of_command(enum imap_command command)
{
    static const char *const names[IMAP_COMMANDS] = {
        [IMAP_LOGIN] = "LOGIN",
        [IMAP_AUTHENTICATE] = "AUTHENTICATE",
    };

    return NAME_OF(names, command);
}

const char *name_of_form(enum imap_form form)
{
    static const char *const names[IMAP_FORMS] = {
        [IMAP_FORM_ATOM] = "atom",         [IMAP_FORM_QUOTED] = "quoted",
        [IMAP_FORM_LITERAL] = "literal",   [IMAP_FORM_LITERAL_PLUS] = "literal+",
        [IMAP_FORM_LITERAL8] = "literal8", [IMAP_FORM_SASL] = "sasl",
    };

    return NAME_OF(names, form);
}

const char *name_of_result(enum imap_result result)
{
    static const char *const names[IMAP_RESULTS] = {
        [IMAP_RESULT_OK] = "OK",
        [IMAP_RESULT_NO] = "NO",
        [IMAP_RESULT_BAD] = "BAD",
        [IMAP_RESULT_BYE] = "BYE",
    };

    return NAME_OF(names, result);
}

const char *name_of_exposure(enum imap_exposure exposure)
{
    static const char *const names[IMAP_EXPOSURES] = {
        [IMAP_EXPOSURE_GUESSABLE] = "guessable",
        [IMAP_EXPOSURE_PASSWORD] = "password",
    };

    return NAME_OF(names, exposure);
}

const char *name_of_charset(enum imap_charset charset)
{
    static const char *const names[IMAP_CHARSETS] = {
        [IMAP_CHARSET_ASCII] = "ASCII",
        [IMAP_CHARSET_UTF8] = "UTF-8",
        [IMAP_CHARSET_OTHER] = "other",
    };

    return NAME_OF(names, charset);
}

const char *name_of_argument(enum imap_argument argument)
{
    static const char *const names[IMAP_ARGUMENTS] = {
        [IMAP_ARG_TAG] = "tag",           [IMAP_ARG_USERNAME] = "username",
        [IMAP_ARG_PASSWORD] = "password", [IMAP_ARG_MECHANISM] = "mechanism",
        [IMAP_ARG_COMMAND] = "command",   [IMAP_ARG_INITIAL_RESPONSE] = "initial-response",
        [IMAP_ARG_RESPONSE] = "response",
    };

    return NAME_OF(names, argument);
}

const char *name_of_kind(enum store_kind kind)
{
    static const char *const names[] = {[STORE_FILE] = "file", [STORE_LIVE] = "live"};

    return NAME_OF(names, kind);
}

const char *name_of_state(enum store_state state)
{
    static const char *const names[] = {
        [STORE_RUNNING] = "running", [STORE_COMPLETE] = "complete", [STORE_BROKEN] = "failed"};

    return NAME_OF(names, state);
}
