/*
 * The words of a comparison.
 */
#include "analyzer/report/compare/compare.h"
#include "analyzer/report/sentences.h"
#include "db/format_number.h"

static const struct {
    const char *word, *title;
} sender_words[SENDER_CHANGES] = {
    [SENDER_STOPPED] = {"stopped", "Stopped: they sent * or % without quotes, and now quote"},
    [SENDER_STILL] = {"still", "Not repaired: they still send * or % without quotes"},
    [SENDER_BEGAN] = {"began", "Began: they were seen before, and did not send * or % without quotes"},
    [SENDER_NEW] = {"new", "New: they send * or % without quotes, and were not seen before"},
    [SENDER_UNTRIED] = {"not known",
                        "Not known: they sent no * or % since, and leave other arguments without quotes"},
    [SENDER_NOT_SEEN] =
        {"not seen", "Not seen: they sent * or % without quotes before; no login of theirs was seen since"},
};

static const struct {
    const char *word, *title;
} user_words[USER_CHANGES] = {
    [USER_GETS_IN] = {"gets in", "Now get in"},
    [USER_STILL] = {"still refused", "Still refused"},
    [USER_NEWLY] = {"newly refused", "Newly refused: they got in before"},
    [USER_FIRST] = {"refused", "Refused, and not seen before"},
    [USER_NOT_SEEN] = {"not seen", "Not seen: they were refused before; no verdict on them was seen since"},
};

const char *sender_change_word(enum sender_change change)
{
    return sender_words[change].word;
}

const char *sender_change_title(enum sender_change change)
{
    return sender_words[change].title;
}

const char *user_change_word(enum user_change change)
{
    return user_words[change].word;
}

const char *user_change_title(enum user_change change)
{
    return user_words[change].title;
}

static int64_t senders_before(const struct compared *compared)
{
    const int64_t *senders = compared->senders;

    return senders[SENDER_STOPPED] + senders[SENDER_STILL] + senders[SENDER_UNTRIED] +
           senders[SENDER_NOT_SEEN];
}

static int64_t senders_after(const struct compared *compared)
{
    return compared->senders[SENDER_STILL] + compared->senders[SENDER_BEGAN] + compared->senders[SENDER_NEW];
}

const char *compare_word(const struct compared *compared)
{
    if (compared->before.logins == 0 || compared->after.logins == 0)
        return "not known";
    if (senders_after(compared) > 0)
        return "not repaired";
    if (senders_before(compared) == 0)
        return "nothing to repair";
    return compared->senders[SENDER_STOPPED] == senders_before(compared) ? "repaired" : "not known";
}

static void senders_line(const struct compared *compared, FILE *out)
{
    const int64_t *senders = compared->senders;

    if (compared->before.logins == 0 || compared->after.logins == 0) {
        fprintf(out, "Nothing can be compared: no login was seen %s.",
                compared->before.logins > 0  ? "after"
                : compared->after.logins > 0 ? "before"
                                             : "on either side");
        return;
    }
    if (senders_before(compared) + senders_after(compared) == 0) {
        fputs("No client was seen to send * or % without quotes, neither before nor after.", out);
        return;
    }
    say_count(out, senders_before(compared), "sender", "senders");
    fprintf(out, " of * or %% without quotes before, %s after: ",
            format_number((uint64_t)senders_after(compared)).text);
    fprintf(out, "%s stopped, ", format_number((uint64_t)senders[SENDER_STOPPED]).text);
    say_count(out, senders[SENDER_STILL], "still does", "still do");
    fprintf(out, ", %s began", format_number((uint64_t)senders[SENDER_BEGAN]).text);
    if (senders[SENDER_NEW] > 0)
        fprintf(out, ", %s not seen before", format_number((uint64_t)senders[SENDER_NEW]).text);
    fputc('.', out);
}

static void users_line(const struct compared *compared, FILE *out)
{
    const int64_t *users = compared->users;
    int64_t before = users[USER_GETS_IN] + users[USER_STILL] + users[USER_NOT_SEEN];

    if (compared->before.logins == 0 || compared->after.logins == 0) {
        fputs("Whether users get in now is not known.", out);
        return;
    }
    say_count(out, before, "user was", "users were");
    fputs(" refused before (counted at each server): ", out);
    say_count(out, users[USER_GETS_IN], "now gets in", "now get in");
    fputs(", ", out);
    say_count(out, users[USER_STILL], "is still refused", "are still refused");
    fprintf(out, "; %s newly refused", format_number((uint64_t)users[USER_NEWLY]).text);
    if (users[USER_FIRST] > 0)
        fprintf(out, ", %s refused and not seen before", format_number((uint64_t)users[USER_FIRST]).text);
    fputc('.', out);
}

static void unseen_line(const struct compared *compared, FILE *out)
{
    int64_t unseen = compared->senders[SENDER_NOT_SEEN] + compared->senders[SENDER_UNTRIED];
    int64_t users = compared->users[USER_NOT_SEEN];

    if (unseen + users == 0) {
        fputs("Every sender and user that mattered before was seen again", out);
    } else {
        fputs("Not seen is not repaired: of ", out);
        say_count(out, unseen, "sender", "senders");
        fputs(" and ", out);
        say_count(out, users, "user", "users");
        fputs(" nothing that shows it was seen after", out);
    }
    fprintf(out, " (encrypted connections: %s before, %s after).",
            format_number((uint64_t)compared->before.encrypted).text,
            format_number((uint64_t)compared->after.encrypted).text);
}

void compare_line(const void *compared, int line, FILE *out)
{
    static void (*const lines[VERDICT_LINES])(const struct compared *, FILE *) = {senders_line, users_line,
                                                                                  unseen_line};

    lines[line](compared, out);
}
