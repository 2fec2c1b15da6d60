-- The database of imaptap: what was captured, who logged in how, and which rules of the IMAP grammar that broke.
--
-- Times are integer nanoseconds since 1970-01-01 00:00 UTC; the views show them as ISO 8601 text in UTC.
-- Text is UTF-8; an octet from the wire that was not valid UTF-8 (or NUL) is written \xNN.
-- NULL means "missing", "not seen" or "does not apply", never zero.
-- No octet of a password, a SASL response or a token is kept anywhere.
-- A CHECK compares with OR where there are more than two words: IN would build a table in memory for each row.
-- The syntax stays within what SQLite 3.25 (of 2018) reads, so that older viewers can open the file.

CREATE TABLE captures (
    -- A capture file, or one run of a live capture.
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, not even after the capture was replaced
    source TEXT NOT NULL CHECK (typeof(source) = 'text'), -- path as it was given, or the interface
    kind TEXT NOT NULL CHECK (kind IN ('file', 'live')), -- a file, or what an interface saw
    fingerprint TEXT UNIQUE -- of the content; by it a capture is known again
        CHECK (typeof(fingerprint) IN ('text', 'null')),
    link_types TEXT CHECK (typeof(link_types) IN ('text', 'null')), -- what the link layer is, e.g. EN10MB
    packets INTEGER NOT NULL CHECK (typeof(packets) = 'integer' AND packets >= 0), -- frames read
    bytes INTEGER NOT NULL CHECK (typeof(bytes) = 'integer' AND bytes >= 0), -- octets read
    kernel_drops INTEGER -- frames that the kernel dropped; NULL: a file
        CHECK (typeof(kernel_drops) IN ('integer', 'null')),
    interface_drops INTEGER -- frames that the interface dropped
        CHECK (typeof(interface_drops) IN ('integer', 'null')),
    first_ns INTEGER -- time of the first packet; NULL: there was none
        CHECK (typeof(first_ns) IN ('integer', 'null')),
    last_ns INTEGER CHECK (typeof(last_ns) IN ('integer', 'null')), -- time of the last packet
    state TEXT NOT NULL -- rows of one not complete may be missing
        CHECK (state = 'running' OR state = 'complete' OR state = 'failed'),
    error TEXT CHECK (typeof(error) IN ('text', 'null')) -- why it failed
);

CREATE TABLE connections (
    -- A TCP connection that spoke IMAP.
    id INTEGER PRIMARY KEY, -- number of the row
    capture_id INTEGER NOT NULL REFERENCES captures (id) ON DELETE CASCADE, -- where it began
    client_ip TEXT NOT NULL CHECK (typeof(client_ip) = 'text'), -- as RFC 5952 writes it
    client_port INTEGER NOT NULL -- its TCP port
        CHECK (typeof(client_port) = 'integer' AND client_port BETWEEN 0 AND 65535),
    server_ip TEXT NOT NULL CHECK (typeof(server_ip) = 'text'), -- the end that speaks as the server
    server_port INTEGER NOT NULL -- its TCP port
        CHECK (typeof(server_port) = 'integer' AND server_port BETWEEN 0 AND 65535),
    vlan INTEGER CHECK (typeof(vlan) IN ('integer', 'null')), -- VLAN identifier
    tunnel TEXT CHECK (typeof(tunnel) IN ('text', 'null')), -- what it was wrapped in
    community_id TEXT -- Community ID, seed 0: finds it in other tools
        CHECK (typeof(community_id) IN ('text', 'null')),
    first_ns INTEGER CHECK (typeof(first_ns) IN ('integer', 'null')), -- time of its first packet
    last_ns INTEGER CHECK (typeof(last_ns) IN ('integer', 'null')), -- time of its last packet
    greeting TEXT CHECK (typeof(greeting) IN ('text', 'null')), -- text of the server's first line
    server_product TEXT CHECK (typeof(server_product) IN ('text', 'null')), -- what the greeting says it is
    capabilities TEXT CHECK (typeof(capabilities) IN ('text', 'null')), -- as last announced before the login
    client_ident TEXT -- what the client said of itself (RFC 2971)
        CHECK (typeof(client_ident) IN ('text', 'null')),
    server_ident TEXT CHECK (typeof(server_ident) IN ('text', 'null')), -- what the server said of itself
    origin_ip TEXT -- the client behind a proxy, where a proxy names it
        CHECK (typeof(origin_ip) IN ('text', 'null')),
    origin_source TEXT -- who names it: the PROXY protocol or ID
        CHECK (typeof(origin_source) IN ('text', 'null')),
    encryption TEXT NOT NULL -- what came after it was encrypted cannot be seen
        CHECK (encryption = 'none' OR encryption = 'starttls' OR encryption = 'implicit'),
    midstream INTEGER NOT NULL CHECK (midstream IN (0, 1)), -- 1: its beginning was not captured
    one_sided INTEGER NOT NULL CHECK (one_sided IN (0, 1)), -- 1: only one direction was captured
    not_imap INTEGER NOT NULL CHECK (not_imap IN (0, 1)), -- 1: on the port, but what was said is no IMAP
    lost_octets INTEGER NOT NULL -- never captured
        CHECK (typeof(lost_octets) = 'integer' AND lost_octets >= 0),
    "end" TEXT -- how it ended (fin, reset, capture ...); NULL: still open
        CHECK (typeof("end") IN ('text', 'null'))
);
CREATE INDEX connections_by_capture ON connections (capture_id);

CREATE TABLE logins (
    -- One LOGIN or AUTHENTICATE command and its verdict.
    id INTEGER PRIMARY KEY, -- number of the row
    connection_id INTEGER NOT NULL -- the connection that carried it
        REFERENCES connections (id) ON DELETE CASCADE,
    capture_id INTEGER NOT NULL REFERENCES captures (id) ON DELETE CASCADE, -- holds the command's first octet
    time_ns INTEGER NOT NULL CHECK (typeof(time_ns) = 'integer'), -- of the command's first octet
    frame INTEGER NOT NULL -- of the first octet, numbered as Wireshark does
        CHECK (typeof(frame) = 'integer'),
    tag TEXT CHECK (typeof(tag) IN ('text', 'null')), -- what the client named the command by
    command TEXT NOT NULL -- LOGIN, or AUTHENTICATE with a SASL mechanism
        CHECK (command IN ('LOGIN', 'AUTHENTICATE')),
    mechanism TEXT CHECK (typeof(mechanism) IN ('text', 'null')), -- of AUTHENTICATE, in capitals
    username TEXT CHECK (typeof(username) IN ('text', 'null')), -- what a lenient server sees
    username_form TEXT -- how it was written; atom: bare
        CHECK (username_form = 'atom' OR username_form = 'quoted' OR username_form = 'literal'
               OR username_form = 'literal+' OR username_form = 'literal8'
               OR username_form = 'sasl'),
    username_length INTEGER -- octets, also those not kept
        CHECK (typeof(username_length) IN ('integer', 'null')),
    password_form TEXT -- how it was written
        CHECK (password_form = 'atom' OR password_form = 'quoted' OR password_form = 'literal'
               OR password_form = 'literal+' OR password_form = 'literal8'
               OR password_form = 'sasl'),
    password_length INTEGER -- only with --password-shape
        CHECK (typeof(password_length) IN ('integer', 'null')),
    authzid TEXT CHECK (typeof(authzid) IN ('text', 'null')), -- identity to act as (SASL)
    result TEXT -- NULL: no verdict was seen
        CHECK (result = 'OK' OR result = 'NO' OR result = 'BAD' OR result = 'BYE'),
    response_code TEXT CHECK (typeof(response_code) IN ('text', 'null')), -- e.g. AUTHENTICATIONFAILED
    response_text TEXT -- masked where it repeats a credential
        CHECK (typeof(response_text) IN ('text', 'null')),
    latency_ns INTEGER -- from the command's last octet to the verdict
        CHECK (typeof(latency_ns) IN ('integer', 'null')),
    after_result TEXT -- verdict of the first command after it
        CHECK (after_result = 'OK' OR after_result = 'NO' OR after_result = 'BAD' OR after_result = 'BYE'),
    after_text TEXT CHECK (typeof(after_text) IN ('text', 'null')), -- what the server said to that command
    incomplete INTEGER NOT NULL -- 1: it was cut off, or octets of it were never captured
        CHECK (incomplete IN (0, 1))
);
CREATE INDEX logins_by_connection ON logins (connection_id);
CREATE INDEX logins_by_capture ON logins (capture_id);

CREATE TABLE rules (
    -- What can be wrong with a login; filled by imaptap.
    rule TEXT NOT NULL PRIMARY KEY CHECK (typeof(rule) = 'text'), -- e.g. unquoted-wildcard
    severity TEXT NOT NULL -- error: the grammar forbids it; the others tell of exposure
        CHECK (severity = 'error' OR severity = 'warning' OR severity = 'info'),
    title TEXT NOT NULL CHECK (typeof(title) = 'text'), -- one line
    reference TEXT NOT NULL CHECK (typeof(reference) = 'text'), -- RFC and section
    remedy TEXT NOT NULL CHECK (typeof(remedy) = 'text'), -- what the author of the client or proxy should do
    rfc2060 TEXT NOT NULL -- whether this RFC forbids it
        CHECK (rfc2060 = 'yes' OR rfc2060 = 'no' OR rfc2060 = 'conditional'),
    rfc3501 TEXT NOT NULL -- the same of RFC 3501
        CHECK (rfc3501 = 'yes' OR rfc3501 = 'no' OR rfc3501 = 'conditional'),
    rfc9051 TEXT NOT NULL -- the same of RFC 9051
        CHECK (rfc9051 = 'yes' OR rfc9051 = 'no' OR rfc9051 = 'conditional')
) WITHOUT ROWID;

CREATE TABLE violations (
    -- A rule that a login broke: at most one row a login, rule and argument.
    id INTEGER PRIMARY KEY, -- number of the row
    login_id INTEGER NOT NULL REFERENCES logins (id) ON DELETE CASCADE, -- who broke it
    rule TEXT NOT NULL REFERENCES rules (rule), -- what was broken
    argument TEXT NOT NULL -- where; command: the line as a whole
        CHECK (argument = 'tag' OR argument = 'username' OR argument = 'password'
               OR argument = 'mechanism' OR argument = 'initial-response' OR argument = 'command'),
    position INTEGER -- of the first offending octet, from 0; NULL: none, or not told
        CHECK (typeof(position) IN ('integer', 'null')),
    count INTEGER CHECK (typeof(count) IN ('integer', 'null')), -- how many octets offend; NULL: not told
    octets TEXT CHECK (typeof(octets) IN ('text', 'null')), -- which, each once; outside ! to ~ as \xNN
    UNIQUE (login_id, rule, argument)
);

CREATE VIEW judged_logins AS
    -- Every login with three judgements: refused (NULL: no verdict was seen), and whether a wildcard was sent
    -- unquoted, or properly quoted (or as a literal) in the user name. What a quoted password held is not known.
    -- An Exchange server can accept a login and then refuse the mailbox: that counts as refused.
    SELECT l.*,
           CASE
               WHEN l.result IS NULL THEN NULL
               WHEN l.result <> 'OK' THEN 1
               WHEN l.after_result = 'BAD' AND instr(l.after_text, 'authenticated but not connected') > 0 THEN 1
               ELSE 0
           END AS refused,
           EXISTS (SELECT 1 FROM violations v
                   WHERE v.login_id = l.id AND v.rule = 'unquoted-wildcard'
                     AND v.argument IN ('username', 'password')) AS wildcard_unquoted,
           (coalesce(l.username_form, '') IN ('quoted', 'literal', 'literal+', 'literal8')
            AND (instr(l.username, '*') > 0 OR instr(l.username, '%') > 0)) AS wildcard_quoted
    FROM logins l;

CREATE VIEW findings AS
    -- A violation with everything around it.
    SELECT v.id AS violation_id,
           strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           p.source AS capture, l.frame,
           c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product, c.encryption,
           l.command, l.mechanism, l.username, l.username_form, l.password_form,
           l.result, l.response_code, l.response_text, l.refused, l.after_result, l.after_text,
           v.rule, r.severity, r.title, v.argument, v.position, v.count, v.octets,
           r.reference, r.remedy,
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns, l.tag, c.community_id, c.vlan, c.tunnel
    FROM violations v
    JOIN rules r ON r.rule = v.rule
    JOIN judged_logins l ON l.id = v.login_id
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id;

CREATE VIEW wildcard_logins AS
    -- Logins with * or % in the user name or unquoted in the password, and how it was written: unquoted, or the form
    -- that made it legal. What a quoted password held is not kept: password_wildcard is 'unquoted' or NULL.
    SELECT strftime('%Y-%m-%dT%H:%M:%S', l.time_ns / 1000000000, 'unixepoch')
               || printf('.%06dZ', l.time_ns / 1000 % 1000000) AS time,
           p.source AS capture, l.frame,
           c.client_ip, c.client_port, c.server_ip, c.server_port, c.server_product,
           l.command, l.username, l.username_form, l.password_form,
           CASE
               WHEN EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = 'unquoted-wildcard'
                            AND v.argument = 'username') THEN 'unquoted'
               WHEN l.wildcard_quoted THEN l.username_form
           END AS username_wildcard,
           CASE
               WHEN EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id AND v.rule = 'unquoted-wildcard'
                            AND v.argument = 'password') THEN 'unquoted'
           END AS password_wildcard,
           l.result, l.response_code, l.response_text, l.refused, l.after_result, l.after_text,
           l.id AS login_id, l.connection_id, l.capture_id, l.time_ns
    FROM judged_logins l
    JOIN connections c ON c.id = l.connection_id
    JOIN captures p ON p.id = l.capture_id
    WHERE l.wildcard_unquoted OR l.wildcard_quoted;

CREATE VIEW senders AS
    -- Who sends logins to whom, and whether wildcards are quoted.
    SELECT client_ip, server_ip, max(server_product) AS server_product,
           count(*) AS logins,
           sum(wildcard_unquoted) AS wildcard_unquoted, -- logins with one in the user name or the password
           sum(wildcard_quoted) AS wildcard_quoted, -- logins with one in a quoted or literal user name
           sum(refused IS 1) AS refused,
           sum(wildcard_unquoted AND refused IS 1) AS wildcard_refused, -- unquoted and refused
           sum(refused IS NULL) AS unanswered, -- no verdict was seen
           count(DISTINCT CASE WHEN refused THEN username END) AS users_refused,
           count(DISTINCT CASE WHEN refused AND wildcard_unquoted THEN username END) AS wildcard_users_refused,
           CASE
               WHEN sum(wildcard_unquoted) > 0 AND sum(wildcard_quoted) > 0 THEN 'mixed'
               WHEN sum(wildcard_unquoted) > 0 THEN 'never quotes'
               WHEN sum(wildcard_quoted) > 0 THEN 'quotes'
               ELSE 'not tried'
           END AS verdict
    FROM (SELECT c.client_ip, c.server_ip, c.server_product, l.username, l.refused, l.wildcard_unquoted,
                 l.wildcard_quoted
          FROM judged_logins l
          JOIN connections c ON c.id = l.connection_id
          LIMIT -1) -- keeps SQLite from judging a login anew for each sum above
    GROUP BY client_ip, server_ip;

CREATE VIEW affected_users AS
    -- Users whose logins broke a rule and were refused, a row a user and server, and whether the same user got in there
    -- with a login that broke none. Rules that only tell of exposure do not count.
    SELECT b.username, b.server_ip, max(b.server_product) AS server_product,
           count(DISTINCT b.login_id) AS refused, -- logins that broke a rule and were refused
           group_concat(DISTINCT b.client_ip) AS clients,
           group_concat(DISTINCT b.rule) AS rules,
           strftime('%Y-%m-%dT%H:%M:%S', min(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', min(b.time_ns) / 1000 % 1000000) AS first_time,
           strftime('%Y-%m-%dT%H:%M:%S', max(b.time_ns) / 1000000000, 'unixepoch')
               || printf('.%06dZ', max(b.time_ns) / 1000 % 1000000) AS last_time,
           CASE WHEN g.username IS NULL THEN 'no' ELSE 'yes' END AS got_in,
           g.forms AS got_in_by -- how the user name was written then
    FROM (SELECT l.id AS login_id, l.username, l.time_ns, v.rule, c.client_ip, c.server_ip, c.server_product
          FROM judged_logins l
          JOIN violations v ON v.login_id = l.id
          JOIN connections c ON c.id = l.connection_id
          WHERE l.refused AND l.username IS NOT NULL
            AND v.rule NOT IN ('cleartext-password', 'guessable-exchange')) b
    LEFT JOIN (SELECT l.username, c.server_ip, group_concat(DISTINCT l.username_form) AS forms
               FROM judged_logins l
               JOIN connections c ON c.id = l.connection_id
               WHERE l.refused = 0 AND l.username IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM violations v WHERE v.login_id = l.id
                                 AND v.rule NOT IN ('cleartext-password', 'guessable-exchange'))
               GROUP BY l.username, c.server_ip) g
        ON g.username = b.username AND g.server_ip = b.server_ip
    GROUP BY b.username, b.server_ip;
