/*
 * A comparison as JSON: one object, its rows written as they come, the counts behind them.
 */
#include "analyzer/report/compare/compare.h"

#include "analyzer/report/narrowing.h"
#include "analyzer/report/sentences.h"
#include "analyzer/report/wrap.h"
#include "db/query/narrowing.h"

#include <jansson.h>
#include <stdlib.h>

struct writer {
    FILE *out;
    struct compared compared;
    bool users; /* the list of users is begun */
    int64_t rows;
};

/* Writes the value and frees it; NULL: there was no memory for it. */
static bool put(FILE *out, json_t *value)
{
    bool good = value != NULL && json_dumpf(value, out, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;

    json_decref(value);
    return good;
}

static json_t *sender_json(const struct sender_figures *figures)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections", (json_int_t)figures->connections,
                     "encrypted", (json_int_t)figures->encrypted, "logins", (json_int_t)figures->logins,
                     "refused", (json_int_t)figures->refused, "unquoted", (json_int_t)figures->unquoted,
                     "unquoted_refused", (json_int_t)figures->unquoted_refused, "quoted",
                     (json_int_t)figures->quoted);
}

static json_t *user_json(const struct user_figures *figures)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "logins", (json_int_t)figures->logins, "accepted",
                     (json_int_t)figures->accepted, "refused", (json_int_t)figures->refused,
                     "refused_for_a_broken_rule", (json_int_t)figures->broken_refused);
}

/* NULL for 0: there is none. */
static json_t *time_json(int64_t time_ns)
{
    return time_ns > 0 ? json_integer(time_ns) : json_null();
}

static bool put_sender(void *user, const struct compared_sender *sender)
{
    struct writer *writer = user;

    fputs(writer->rows++ > 0 ? ",\n    " : "\n    ", writer->out);
    return put(writer->out,
               json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o}", "change",
                         sender_change_word(sender->change), "client_ip", sender->client, "server_ip",
                         sender->server, "server_product", sender->product, "before",
                         sender_json(&sender->before), "after", sender_json(&sender->after),
                         "last_unquoted_ns", time_json(sender_last_unquoted(sender)), "quoted_since_ns",
                         time_json(sender_quoted_since(sender))));
}

static void begin_users(struct writer *writer)
{
    if (writer->users)
        return;
    writer->users = true;
    writer->rows = 0;
    fputs("\n  ],\n  \"users\": [", writer->out);
}

static bool put_user(void *user, const struct compared_user *row)
{
    struct writer *writer = user;

    begin_users(writer);
    fputs(writer->rows++ > 0 ? ",\n    " : "\n    ", writer->out);
    return put(writer->out,
               json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o}", "change", user_change_word(row->change),
                         "username", row->name, "server_ip", row->server, "server_product", row->product,
                         "before", user_json(&row->before), "after", user_json(&row->after)));
}

static json_t *side_json(const struct compared_side *side)
{
    return json_pack("{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name", side->name, "source",
                     side->source, "captures", (json_int_t)side->captures, "unfinished_captures",
                     (json_int_t)side->unfinished, "connections", (json_int_t)side->connections, "encrypted",
                     (json_int_t)side->encrypted, "lost_octets", (json_int_t)side->lost_octets, "logins",
                     (json_int_t)side->logins, "refused", (json_int_t)side->refused, "unanswered",
                     (json_int_t)side->unanswered, "unquoted", (json_int_t)side->unquoted);
}

static json_t *lines_json(const struct compared *compared)
{
    json_t *lines = json_array();

    for (int line = 0; line < VERDICT_LINES; line++) {
        char *words = NULL;
        size_t size;
        FILE *out = open_memstream(&words, &size);

        if (out != NULL) {
            compare_line(compared, line, out);
            if (fclose(out) == 0)
                json_array_append_new(lines, json_string(words));
        }
        free(words);
    }
    return lines;
}

/* The sentence of what both sides are narrowed to; null: nothing. */
static json_t *narrowing_json(const struct query_parameters *narrowing)
{
    char *words = narrowing_is_any(narrowing) ? words_of(narrowing_say, narrowing, 0) : NULL;
    json_t *text = words != NULL ? json_string(words) : json_null();

    free(words);
    return text;
}

static json_t *counts_json(const struct compared *compared, bool users)
{
    json_t *counts = json_object();

    for (int i = 0; i < (users ? (int)USER_CHANGES : (int)SENDER_CHANGES); i++)
        json_object_set_new(
            counts, users ? user_change_word((enum user_change)i) : sender_change_word((enum sender_change)i),
            json_integer(users ? compared->users[i] : compared->senders[i]));
    return counts;
}

bool compare_json(const struct compare_source *source, FILE *out)
{
    static const struct compare_receiver receiver = {put_sender, put_user};
    struct writer writer = {.out = out};
    bool good;

    writer.compared.before.name = source->before_name;
    writer.compared.after.name = source->after_name;
    fputs("{\n  \"senders\": [", out);
    good = compare_run(source->before, source->after, &receiver, &writer, &writer.compared);
    begin_users(&writer);
    fputs("\n  ],\n  \"summary\": ", out);
    good = good &&
           put(out,
               json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict", compare_word(&writer.compared),
                         "narrowed_to", narrowing_json(source->narrowing), "lines",
                         lines_json(&writer.compared), "before", side_json(&writer.compared.before), "after",
                         side_json(&writer.compared.after), "senders", counts_json(&writer.compared, false),
                         "users", counts_json(&writer.compared, true)));
    fputs("\n}\n", out);
    compare_free(&writer.compared);
    return good && !ferror(out);
}
