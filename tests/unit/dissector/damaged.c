/* Damages conversations, and compares what is reported with what the whole conversation shows. */
#include "tests/unit/dissector/damaged.h"

#include "dissector/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST_FOUND     64
#define MOST_RANGES    4
#define DEFAULT_ROUNDS 20

static unsigned long runs;

unsigned long damaged_count(void)
{
    return runs;
}

/* --- what was found
 * ------------------------------------------------------------------------------------------ */

struct found {
    uint64_t frame;
    uint64_t tag, username, authzid; /* hashes; 0: missing */
    uint32_t number;
    enum imap_result result, after;
    uint64_t rules[IMAP_ARGUMENTS];
};

struct findings {
    struct found logins[MOST_FOUND];
    size_t count;
    uint64_t end; /* the frame with which the login phase was over; what came then was not looked at */
};

static uint64_t hash(struct imap_text text)
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < text.length; i++)
        sum = (sum ^ (unsigned char)text.octets[i]) * 1099511628211u;
    return text.octets ? sum : 0;
}

static void on_login(void *user, const struct imap_login *login)
{
    struct findings *findings = user;
    assert_true(findings->count < MOST_FOUND);
    struct found *found = &findings->logins[findings->count++];
    *found = (struct found){.frame = login->begin.frame,
                            .tag = hash(login->tag),
                            .username = hash(login->username),
                            .authzid = hash(login->authzid),
                            .number = login->number,
                            .result = login->result};
    for (unsigned i = 0; i < login->violation_count; i++)
        found->rules[login->violations[i].argument] |= UINT64_C(1) << login->violations[i].rule;
}

static void on_after(void *user, uint32_t number, enum imap_result result, struct imap_text text)
{
    struct findings *findings = user;
    (void)text;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->logins[i].number == number)
            findings->logins[i].after = result;
}

/* --- damage
 * -------------------------------------------------------------------------------------------------- */

/* Octets [begin, end) of step `step` are missing. */
struct range {
    size_t step, begin, end;
};

struct damage {
    const char *what;
    size_t from_step, from_octet; /* the capture begins there; 0, 0: with the connection */
    struct range lost[MOST_RANGES];
    size_t losses;
    int side;    /* only this direction was captured; -1: both */
    size_t snap; /* octets of a segment that are kept; 0: all */
    bool late;   /* a hole is noticed only by what comes after it */
};

static size_t steps_of(const struct conversation *conversation)
{
    size_t count = 0;
    while (count < MOST_STEPS && (conversation->steps[count].octets || conversation->steps[count].length))
        count++;
    return count;
}

static bool is_missing(const struct damage *damage, size_t step, size_t at)
{
    if (step == damage->from_step && at < damage->from_octet)
        return true;
    if (damage->snap && at >= damage->snap)
        return true;
    for (size_t i = 0; i < damage->losses; i++)
        if (damage->lost[i].step == step && at >= damage->lost[i].begin && at < damage->lost[i].end)
            return true;
    return false;
}

struct feeder {
    struct imap_session *session;
    const struct damage *damage;
    uint64_t hole[2]; /* octets that are missing, and were not reported yet */
};

static void report_hole(struct feeder *feeder, enum imap_direction direction, const struct imap_mark *mark)
{
    if (feeder->hole[direction])
        imap_session_lost(feeder->session, direction, feeder->hole[direction], mark);
    feeder->hole[direction] = 0;
}

static void feed_step(struct feeder *feeder, const struct step *step, size_t index)
{
    const struct imap_mark mark = {.time_ns = (int64_t)(index + 1) * 1000, .frame = index + 1, .capture = 1};
    bool first = index == feeder->damage->from_step;
    size_t at = first ? feeder->damage->from_octet : 0;
    while (at < step->length) {
        bool missing = is_missing(feeder->damage, index, at);
        size_t end = at;
        while (end < step->length && is_missing(feeder->damage, index, end) == missing)
            end++;
        if (missing) {
            feeder->hole[step->direction] += end - at;
            if (!feeder->damage->late)
                report_hole(feeder, step->direction, &mark);
        } else {
            report_hole(feeder, step->direction, &mark);
            imap_session_feed(feeder->session, step->direction, step->octets + at, end - at, &mark);
        }
        at = end;
    }
}

static void run(const struct conversation *conversation, const struct damage *damage,
                struct findings *findings)
{
    const struct imap_session_handler handler = {.login = on_login, .after = on_after};
    const struct imap_mark end = {.time_ns = 1000000, .frame = 1000, .capture = 1};
    struct feeder feeder = {imap_session_new(&conversation->options, &handler, findings), damage, {0, 0}};
    assert_non_null(feeder.session);
    findings->count = 0;
    findings->end = UINT64_MAX;
    if (damage->from_step > 0 || damage->from_octet > 0) {
        imap_session_lost(feeder.session, IMAP_FROM_CLIENT, 0, &end);
        imap_session_lost(feeder.session, IMAP_FROM_SERVER, 0, &end);
    }
    for (size_t i = damage->from_step; i < steps_of(conversation); i++)
        if (damage->side < 0 || (int)conversation->steps[i].direction == damage->side) {
            feed_step(&feeder, &conversation->steps[i], i);
            if (imap_session_done(feeder.session) && findings->end == UINT64_MAX)
                findings->end = i + 1;
        }
    report_hole(&feeder, IMAP_FROM_CLIENT, &end);
    report_hole(&feeder, IMAP_FROM_SERVER, &end);
    imap_session_end(feeder.session);
    imap_session_free(feeder.session);
}

/* --- comparison
 * ---------------------------------------------------------------------------------------------- */

static void describe(const struct damage *damage, char *text, size_t size)
{
    int length = snprintf(text, size, "%s: from step %zu octet %zu, side %d, %zu octets of each segment%s",
                          damage->what, damage->from_step + 1, damage->from_octet, damage->side, damage->snap,
                          damage->late ? ", noticed late" : "");
    for (size_t i = 0; i < damage->losses && length >= 0 && (size_t)length < size; i++)
        length += snprintf(text + length, size - (size_t)length, ", lost %zu [%zu, %zu)",
                           damage->lost[i].step + 1, damage->lost[i].begin, damage->lost[i].end);
}

static const struct found *same(const struct findings *truth, const struct found *found)
{
    for (size_t i = 0; i < truth->count; i++)
        if (truth->logins[i].frame == found->frame && truth->logins[i].tag == found->tag &&
            (found->username == 0 || truth->logins[i].username == found->username) &&
            (found->result == IMAP_RESULT_NONE || truth->logins[i].result == found->result))
            return &truth->logins[i];
    return NULL;
}

static const char *fault(const struct findings *truth, const struct found *found, char *detail, size_t size)
{
    const struct found *true_one = same(truth, found);
    if (!true_one)
        return "a login, a user name or a verdict that was not";
    if (found->authzid && found->authzid != true_one->authzid)
        return "an authorization identity that was not sent";
    if (found->after != IMAP_RESULT_NONE && found->after != true_one->after)
        return "a verdict of the mailbox that was not given";
    for (int argument = 0; argument < IMAP_ARGUMENTS; argument++)
        for (int rule = 0; rule < IMAP_RULES; rule++)
            if ((found->rules[argument] & ~true_one->rules[argument]) >> rule & 1) {
                snprintf(detail, size, " (%s)", imap_rule_info((enum imap_rule)rule)->id);
                return "a rule that was not broken";
            }
    return NULL;
}

static void check(const struct conversation *conversation, const struct findings *truth, struct damage damage)
{
    struct findings findings;
    for (int late = 0; late < 2; late++) {
        damage.late = late;
        run(conversation, &damage, &findings);
        runs++;
        for (size_t i = 0; i < findings.count; i++) {
            char text[512], detail[64] = "";
            if (findings.logins[i].frame > truth->end)
                continue;
            const char *what = fault(truth, &findings.logins[i], detail, sizeof detail);
            if (!what)
                continue;
            describe(&damage, text, sizeof text);
            fail_msg("%s: %s%s at frame %llu, verdict %d, after %d; %s", conversation->name, what, detail,
                     (unsigned long long)findings.logins[i].frame, (int)findings.logins[i].result,
                     (int)findings.logins[i].after, text);
        }
    }
}

/* --- all kinds of damage
 * ------------------------------------------------------------------------------------- */

static struct range whole_step(const struct conversation *conversation, size_t step)
{
    return (struct range){step, 0, conversation->steps[step].length};
}

static void begin_anywhere(const struct conversation *conversation, const struct findings *truth, int side)
{
    for (size_t step = 0; step < steps_of(conversation); step++)
        for (size_t at = 0; at < conversation->steps[step].length; at++)
            check(conversation, truth,
                  (struct damage){
                      .what = "met in mid-stream", .from_step = step, .from_octet = at, .side = side});
}

static void lose_segments(const struct conversation *conversation, const struct findings *truth)
{
    size_t count = steps_of(conversation);
    for (size_t one = 0; one < count; one++)
        for (size_t other = one; other < count; other++)
            check(conversation, truth,
                  (struct damage){.what = "segments lost",
                                  .lost = {whole_step(conversation, one), whole_step(conversation, other)},
                                  .losses = one == other ? 1 : 2,
                                  .side = -1});
}

/* The same numbers in every run. */
static size_t any_below(size_t limit)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % limit);
}

static void lose_anything(const struct conversation *conversation, const struct findings *truth)
{
    const char *wanted = getenv("IMAPTAP_DAMAGE_ROUNDS");
    unsigned long rounds = wanted ? strtoul(wanted, NULL, 10) : DEFAULT_ROUNDS;
    size_t count = steps_of(conversation);
    for (unsigned long i = 0; i < rounds && count > 0; i++) {
        struct damage damage = {.what = "lost at random", .side = (int)any_below(6) - 2};
        if (damage.side > 1 || damage.side < 0)
            damage.side = -1;
        damage.losses = 1 + any_below(MOST_RANGES);
        for (size_t loss = 0; loss < damage.losses; loss++) {
            size_t step = any_below(count), length = conversation->steps[step].length;
            size_t begin = length ? any_below(length) : 0;
            if (length == 0)
                continue;
            damage.lost[loss] = (struct range){step, begin, begin + 1 + any_below(length - begin)};
        }
        if (any_below(3) == 0) {
            damage.from_step = any_below(count);
            size_t length = conversation->steps[damage.from_step].length;
            damage.from_octet = length ? any_below(length) : 0;
        }
        check(conversation, truth, damage);
    }
}

void check_damaged(const struct conversation *conversation)
{
    static struct findings truth;
    size_t longest = 0;
    if (conversation->count || conversation->undamaged)
        return;
    for (size_t i = 0; i < steps_of(conversation); i++) {
        if (!conversation->steps[i].octets)
            return;
        if (conversation->steps[i].length > longest)
            longest = conversation->steps[i].length;
    }
    if (longest > 512)
        return; /* a limit is its subject */
    run(conversation, &(struct damage){.side = -1}, &truth);
    for (int side = 0; side < 2; side++)
        check(conversation, &truth, (struct damage){.what = "one side", .side = side});
    for (int side = -1; side < 2; side++)
        begin_anywhere(conversation, &truth, side);
    lose_segments(conversation, &truth);
    for (size_t snap = 1; snap < longest; snap++)
        check(conversation, &truth, (struct damage){.what = "snapshot length", .snap = snap, .side = -1});
    lose_anything(conversation, &truth);
}
