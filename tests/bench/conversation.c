/*
 * What a connection says, and what is true of it.
 */
#include "tests/bench/conversation.h"

#include <stdarg.h>
#include <string.h>

enum { CLIENT, SERVER };

enum form { ATOM, QUOTED, LITERAL_PLUS };

static const char *const form_names[] = {"atom", "quoted", "literal+"};

static const struct {
    const char *greeting, *capabilities;
    const char *ok_code, *ok, *no_code, *no, *bad;
} servers[] = {
    {"Dovecot ready.", "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN",
     "CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE", "Logged in", "AUTHENTICATIONFAILED",
     "Authentication failed.", "Error in IMAP command received by server."},
    {"Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail.example.com) ready.",
     "IMAP4 IMAP4rev1 IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN", NULL,
     "LOGIN completed.", NULL, "Logon failure: unknown user name or bad password.",
     "Protocol Error: \"Expected SPACE not found\"."},
    {"imap.example.net IMAP4rev1 v12.264 server ready",
     "IMAP4REV1 NAMESPACE MAILBOX-REFERRALS LITERAL+ AUTH=LOGIN", "CAPABILITY IMAP4REV1 IDLE NAMESPACE",
     "User authenticated", NULL, "LOGIN failed", "Bad LOGIN user name argument"},
};

/* Mail, as servers send it: no line of it is a command of the client's. */
static const char mail_text[] =
    "x9 LOGIN no*body nothing\r\n"
    "TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNldGV0dXIgc2FkaXBzY2luZyBlbGl0ciwg\r\n"
    "c2VkIGRpYW0gbm9udW15IGVpcm1vZCB0ZW1wb3IgaW52aWR1bnQgdXQgbGFib3JlIGV0IGRvbG9y\r\n"
    "* 1 FETCH (FLAGS (\\Seen))\r\n";

/* A segment of text; no format: an empty one. */
__attribute__((format(printf, 4, 5))) static struct step *say(struct conversation *c, unsigned from,
                                                              unsigned flags, const char *format, ...)
{
    struct step *step = &c->steps[c->step_count++];
    size_t room = sizeof c->text - c->text_length;
    va_list arguments;
    int length = 0;

    if (format != NULL) {
        va_start(arguments, format);
        length = vsnprintf(c->text + c->text_length, room, format, arguments);
        va_end(arguments);
    }
    *step = (struct step){.from = (uint8_t)from,
                          .flags = (uint8_t)flags,
                          .at = (uint16_t)c->text_length,
                          .length = (uint16_t)length};
    c->text_length += (unsigned)length;
    return step;
}

/* Makes one of the octets of `text` a wildcard in 10% of all cases, and two in 1%. */
static void sprinkle(struct wire *wire, char *text)
{
    for (uint32_t share = 10; wire_chance(wire, share); share = 10)
        text[wire_below(wire, (uint32_t)strlen(text))] = wire_chance(wire, 70) ? '*' : '%';
}

static bool has_wildcard(const char *text)
{
    return strpbrk(text, "*%") != NULL;
}

static void choose_login(struct conversation *c, struct wire *wire)
{
    uint32_t form = wire_below(wire, 100), number = wire_below(wire, 1000000);
    bool broken;

    c->form = form < 75 ? ATOM : form < 95 ? QUOTED : LITERAL_PLUS;
    if (wire_chance(wire, 50))
        snprintf(c->username, sizeof c->username, "user%u", (unsigned)number);
    else
        snprintf(c->username, sizeof c->username, "%c.n%u@example.org", 'a' + (int)(number % 26),
                 (unsigned)number);
    snprintf(c->password, sizeof c->password, "Geheim-%x-%c", (unsigned)wire_below(wire, 1 << 20),
             'a' + (int)(number % 23));
    sprinkle(wire, c->username);
    sprinkle(wire, c->password);
    snprintf(c->tag, sizeof c->tag, "A%03u", 2U);
    broken = c->form == ATOM && (has_wildcard(c->username) || has_wildcard(c->password));
    if (broken && wire_chance(wire, 60))
        c->result = "BAD";
    else
        c->result = wire_chance(wire, 90) ? "OK" : "NO";
}

static void say_login(struct conversation *c)
{
    const char *user = c->username, *password = c->password;
    unsigned flags = WIRE_PSH | WIRE_ACK;
    struct step *step;

    switch (c->form) {
    case ATOM:
        step = say(c, CLIENT, flags, "%s LOGIN %s %s\r\n", c->tag, user, password);
        break;
    case QUOTED:
        step = say(c, CLIENT, flags, "%s LOGIN \"%s\" \"%s\"\r\n", c->tag, user, password);
        break;
    default:
        step = say(c, CLIENT, flags, "%s LOGIN {%zu+}\r\n%s {%zu+}\r\n%s\r\n", c->tag, strlen(user), user,
                   strlen(password), password);
    }
    step->login = true;
}

static const char *code_of(const struct conversation *c)
{
    if (strcmp(c->result, "OK") == 0)
        return servers[c->server_kind].ok_code;
    return strcmp(c->result, "NO") == 0 ? servers[c->server_kind].no_code : NULL;
}

static const char *text_of(const struct conversation *c)
{
    if (strcmp(c->result, "OK") == 0)
        return servers[c->server_kind].ok;
    return strcmp(c->result, "NO") == 0 ? servers[c->server_kind].no : servers[c->server_kind].bad;
}

static void say_verdict(struct conversation *c)
{
    const char *code = code_of(c);
    unsigned flags = WIRE_PSH | WIRE_ACK;

    if (code != NULL)
        say(c, SERVER, flags, "%s %s [%s] %s\r\n", c->tag, c->result, code, text_of(c));
    else
        say(c, SERVER, flags, "%s %s %s\r\n", c->tag, c->result, text_of(c));
}

static void say_mail(struct conversation *c, uint32_t mail)
{
    unsigned flags = WIRE_PSH | WIRE_ACK;

    say(c, CLIENT, flags, "A003 FETCH 1 (BODY[])\r\n");
    say(c, SERVER, flags, "* 1 FETCH (BODY[] {%u}\r\n", (unsigned)mail);
    say(c, SERVER, WIRE_ACK, NULL)->mail = mail;
    say(c, SERVER, flags, ")\r\nA003 OK FETCH completed.\r\n");
    c->after_result = "OK"; /* LOGOUT, the first command otherwise, says nothing of the mailbox */
    c->after_text = "FETCH completed.";
}

void conversation_start(struct conversation *c, struct wire *wire, uint32_t number, uint32_t mail)
{
    unsigned flags = WIRE_PSH | WIRE_ACK;

    memset(c, 0, offsetof(struct conversation, text));
    c->text_length = 0;
    c->after_result = c->after_text = NULL;
    c->server_kind = wire_below(wire, sizeof servers / sizeof servers[0]);
    c->ends[CLIENT] = (struct wire_end){0x0a010000 + number % 5000, (uint16_t)(1024 + number / 5000),
                                        (uint32_t)wire_random(wire)};
    c->ends[SERVER] = (struct wire_end){0x0ac80001 + wire_below(wire, 16), 143, (uint32_t)wire_random(wire)};
    choose_login(c, wire);
    say(c, CLIENT, WIRE_SYN, NULL);
    say(c, SERVER, WIRE_SYN | WIRE_ACK, NULL);
    say(c, CLIENT, WIRE_ACK, NULL);
    say(c, SERVER, flags, "* OK %s\r\n", servers[c->server_kind].greeting);
    say(c, CLIENT, flags, "A001 CAPABILITY\r\n");
    say(c, SERVER, flags, "* CAPABILITY %s\r\nA001 OK CAPABILITY completed.\r\n",
        servers[c->server_kind].capabilities);
    say_login(c);
    say_verdict(c);
    if (strcmp(c->result, "OK") == 0 && mail > 0)
        say_mail(c, mail);
    say(c, CLIENT, flags, "A004 LOGOUT\r\n");
    say(c, SERVER, flags, "* BYE Logging out\r\nA004 OK LOGOUT completed.\r\n");
    say(c, CLIENT, WIRE_FIN | WIRE_ACK, NULL);
    say(c, SERVER, WIRE_FIN | WIRE_ACK, NULL);
    say(c, CLIENT, WIRE_ACK, NULL);
}

/* --- the truth --- */

/* Wildcards of an argument that was sent bare; positions and counts of a password are never reported. */
static void write_wildcards(const struct conversation *c, struct truth *truth, const char *frame,
                            const char *argument, const char *value, bool secret)
{
    char position[24], count[24], octets[3] = "";
    size_t first = strcspn(value, "*%"), found = 0;
    const char *const fields[] = {
        frame, "unquoted-wildcard", argument, secret ? NULL : position, secret ? NULL : count, octets};

    if (c->form != ATOM || !has_wildcard(value))
        return;
    for (const char *at = value; *at != '\0'; at++) {
        if (*at != '*' && *at != '%')
            continue;
        found++;
        if (strchr(octets, *at) == NULL)
            octets[strlen(octets)] = *at;
    }
    snprintf(position, sizeof position, "%zu", first);
    snprintf(count, sizeof count, "%zu", found);
    truth_violation(truth, fields, sizeof fields / sizeof fields[0]);
}

static void write_address(uint32_t address, char text[16])
{
    snprintf(text, 16, "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255),
             (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
}

static void write_login(const struct conversation *c, const struct wire *wire, struct truth *truth)
{
    char frame[24], time[32], client[16], server[16], client_port[8], server_port[8], length[24];
    const char *form = form_names[c->form];
    const char *const fields[] = {
        frame,      time,      client,      client_port, server,          server_port,
        c->tag,     "LOGIN",   c->username, form,        length,          form,
        "password", c->result, code_of(c),  text_of(c),  c->after_result, c->after_text};

    snprintf(frame, sizeof frame, "%llu", (unsigned long long)wire->frames);
    snprintf(time, sizeof time, "%llu000", (unsigned long long)wire->time_us);
    write_address(c->ends[CLIENT].address, client);
    write_address(c->ends[SERVER].address, server);
    snprintf(client_port, sizeof client_port, "%u", c->ends[CLIENT].port);
    snprintf(server_port, sizeof server_port, "%u", c->ends[SERVER].port);
    snprintf(length, sizeof length, "%zu", strlen(c->username));
    truth_login(truth, fields, sizeof fields / sizeof fields[0]);
    write_wildcards(c, truth, frame, "password", c->password, true);
    write_wildcards(c, truth, frame, "username", c->username, false);
}

/* --- on the wire --- */

/* One segment of mail: two of the server's, then the client's ACK. True: that was the last one. */
static bool step_mail(struct conversation *c, struct wire *wire, const struct step *step)
{
    static char mail[64 * (sizeof mail_text - 1)];
    uint32_t left = step->mail - c->mailed;
    size_t at = c->mailed % (sizeof mail_text - 1);
    uint32_t length = left < WIRE_FULL ? left : WIRE_FULL;

    if (mail[0] == '\0')
        for (size_t i = 0; i < sizeof mail; i++)
            mail[i] = mail_text[i % (sizeof mail_text - 1)];
    wire_segment(wire, &c->ends[SERVER], &c->ends[CLIENT], WIRE_ACK, mail + at, length);
    if (c->mailed / WIRE_FULL % 2 == 1)
        wire_segment(wire, &c->ends[CLIENT], &c->ends[SERVER], WIRE_ACK, "", 0);
    c->mailed += length;
    return c->mailed == step->mail;
}

bool conversation_step(struct conversation *c, struct wire *wire, struct truth *truth)
{
    const struct step *step = &c->steps[c->next];

    if (step->mail > 0) {
        c->next += step_mail(c, wire, step);
        return true;
    }
    wire_segment(wire, &c->ends[step->from], &c->ends[!step->from], step->flags, c->text + step->at,
                 step->length);
    if (step->login)
        write_login(c, wire, truth);
    c->next++;
    if (c->next < c->step_count)
        return true;
    truth->connections++;
    return false;
}
