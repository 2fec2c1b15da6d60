-- The database of imaptap: what was captured, who logged in how, and which rules of the IMAP grammar that broke.
--
-- Times are integer nanoseconds since 1970-01-01 00:00 UTC; the views (views.sql, judgement.sql) show them as text.
-- Text is UTF-8; an octet from the wire that was not valid UTF-8 (or NUL) is written \xNN.
-- NULL means "missing", "not seen" or "does not apply", never zero.
-- No octet of a password, a SASL response or a token is kept anywhere.
-- A CHECK compares with OR where there are more than two words: IN would build a table in memory for each row. In the
-- tables of many rows, a text is what sorts before the empty blob, an integer what is equal to its own bits: the
-- same as asking for typeof, which costs a call. Both hold for NULL; NOT NULL forbids it.
-- The syntax stays within what SQLite 3.25 (of 2018) reads, so that older viewers can open the file.

CREATE TABLE runs (
    -- One call of `imaptap read` or `imaptap live` that kept something.
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    uuid TEXT NOT NULL UNIQUE -- names the run beyond this database (RFC 9562, version 4)
        CHECK (typeof(uuid) = 'text' AND length(uuid) = 36),
    imaptap_version TEXT NOT NULL CHECK (typeof(imaptap_version) = 'text'), -- what read the captures
    libpcap_version TEXT NOT NULL CHECK (typeof(libpcap_version) = 'text'), -- the library that it used
    libnids_version TEXT NOT NULL CHECK (typeof(libnids_version) = 'text'), -- the same
    sqlite_version TEXT NOT NULL CHECK (typeof(sqlite_version) = 'text'), -- the same
    command_line TEXT NOT NULL CHECK (typeof(command_line) = 'text'), -- as it was given, quoted for a shell
    filter TEXT CHECK (typeof(filter) IN ('text', 'null')), -- which frames were looked at; NULL: all
    host TEXT NOT NULL CHECK (typeof(host) = 'text'), -- name of the machine
    user TEXT NOT NULL CHECK (typeof(user) = 'text'), -- who ran it
    started_ns INTEGER NOT NULL CHECK (typeof(started_ns) = 'integer'), -- when it began
    ended_ns INTEGER -- when it ended; NULL: it is running, or was killed
        CHECK (typeof(ended_ns) IN ('integer', 'null')),
    state TEXT NOT NULL -- aborted: stopped, could not go on, or killed (as the next that writes finds)
        CHECK (state = 'running' OR state = 'complete' OR state = 'aborted')
);

CREATE TABLE captures (
    -- A capture file, or what one interface showed during a run.
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
    error TEXT CHECK (typeof(error) IN ('text', 'null')), -- why it failed
    run_id INTEGER REFERENCES runs (id), -- that read it; NULL: before runs were kept
    size INTEGER CHECK (typeof(size) IN ('integer', 'null')), -- octets of the file as it lies on disk
    sha256 TEXT -- of the whole file as it lies on disk; NULL: not all of it was hashed
        CHECK (sha256 IS NULL OR (typeof(sha256) = 'text' AND length(sha256) = 64)),
    packed_fingerprint TEXT -- of a compressed copy as it lies on disk; NULL: none was read
        CHECK (typeof(packed_fingerprint) IN ('text', 'null')),
    lost_octets INTEGER -- of the connections that began in it: never captured
        CHECK (typeof(lost_octets) IN ('integer', 'null')),
    evicted INTEGER -- connections given up while it was read, because too many were open
        CHECK (typeof(evicted) IN ('integer', 'null')),
    read_ns INTEGER CHECK (typeof(read_ns) IN ('integer', 'null')), -- when its reading began
    events_waiting INTEGER -- how many findings waited for the database at a time, at most; NULL: a file
        CHECK (typeof(events_waiting) IN ('integer', 'null'))
);

CREATE TABLE connections (
    -- A TCP connection that spoke IMAP.
    id INTEGER PRIMARY KEY, -- number of the row
    capture_id INTEGER NOT NULL REFERENCES captures (id) ON DELETE CASCADE, -- where it began
    client_ip TEXT NOT NULL CHECK (client_ip < x''), -- as RFC 5952 writes it
    client_port INTEGER NOT NULL -- its TCP port
        CHECK (client_port = client_port | 0 AND client_port BETWEEN 0 AND 65535),
    server_ip TEXT NOT NULL CHECK (server_ip < x''), -- the end that speaks as the server
    server_port INTEGER NOT NULL -- its TCP port
        CHECK (server_port = server_port | 0 AND server_port BETWEEN 0 AND 65535),
    vlan INTEGER CHECK (vlan = vlan | 0), -- VLAN identifier
    tunnel TEXT CHECK (tunnel < x''), -- what it was wrapped in
    community_id TEXT -- Community ID, seed 0: finds it in other tools
        CHECK (community_id < x''),
    first_ns INTEGER CHECK (first_ns = first_ns | 0), -- time of its first packet
    last_ns INTEGER CHECK (last_ns = last_ns | 0), -- time of its last packet
    greeting TEXT CHECK (greeting < x''), -- text of the server's first line
    server_product TEXT CHECK (server_product < x''), -- what the greeting says it is
    server_host TEXT CHECK (server_host < x''), -- the name that Exchange Online's greeting hides
    capabilities TEXT CHECK (capabilities < x''), -- as last announced before the login
    client_ident TEXT -- what the client said of itself (RFC 2971)
        CHECK (client_ident < x''),
    server_ident TEXT CHECK (server_ident < x''), -- what the server said of itself
    origin_ip TEXT -- the client behind a proxy, where a proxy names it
        CHECK (origin_ip < x''),
    origin_source TEXT -- who names it: the PROXY protocol or ID
        CHECK (origin_source < x''),
    encryption TEXT NOT NULL -- what came after it was encrypted cannot be seen
        CHECK (encryption = 'none' OR encryption = 'starttls' OR encryption = 'implicit'),
    starttls TEXT -- what came of the client's STARTTLS; NULL: it did not ask
        CHECK (starttls = 'accepted' OR starttls = 'refused' OR starttls = 'unanswered'),
    starttls_pipelined INTEGER NOT NULL DEFAULT 0 -- 1: plain text was sent behind STARTTLS before its answer
        CHECK (starttls_pipelined IN (0, 1)),
    midstream INTEGER NOT NULL CHECK (midstream IN (0, 1)), -- 1: its beginning was not captured
    one_sided INTEGER NOT NULL CHECK (one_sided IN (0, 1)), -- 1: only one direction was captured
    not_imap INTEGER NOT NULL CHECK (not_imap IN (0, 1)), -- 1: on the port, but what was said is no IMAP
    lost_octets INTEGER NOT NULL -- of the login phase: never captured
        CHECK (lost_octets = lost_octets | 0 AND lost_octets >= 0),
    "end" TEXT -- how it ended (fin, reset, capture ...); NULL: still open
        CHECK ("end" < x''),
    closed_by TEXT CHECK (closed_by IN ('client', 'server')), -- who sent the first FIN, or the RST
    closed_ns INTEGER CHECK (closed_ns = closed_ns | 0), -- time of that
    server_vlan INTEGER CHECK (server_vlan = server_vlan | 0), -- of the server's direction when it came in another VLAN or
                                                               -- tunnel than the client's, 0: untagged; NULL: it did not
    server_tunnel TEXT CHECK (server_tunnel < x''), -- the same; '': none
    copied_packets INTEGER NOT NULL DEFAULT 0 -- captured again in another VLAN or tunnel, and not counted otherwise
        CHECK (copied_packets = copied_packets | 0 AND copied_packets >= 0),
    no_login TEXT -- why no login was seen; NULL: there was one, it is no IMAP, or it is not over
        CHECK (CASE WHEN no_login IS NULL THEN 1 ELSE no_login IN ('encrypted', 'preauth', 'midstream', 'one-sided', 'lost-octets', 'unfinished',
                            'bye-greeting', 'login-disabled', 'starttls-refused', 'starttls-untagged',
                            'starttls-unanswered', 'starttls-abandoned', 'tls-on-plain-port', 'plain-on-tls-port',
                            'tls-alert', 'tls-unanswered', 'server-silent', 'client-silent', 'nothing-sent', 'reset',
                            'client-left', 'server-left') END),
    no_login_text TEXT CHECK (no_login_text < x'') -- the server's words, or which TLS alert and whose
);
CREATE INDEX connections_by_capture ON connections (capture_id);
-- Those of which not all could be seen.
CREATE INDEX connections_incomplete ON connections (capture_id)
    WHERE encryption <> 'none' OR midstream OR one_sided OR not_imap OR lost_octets > 0;

CREATE TABLE logins (
    -- One LOGIN or AUTHENTICATE command and its verdict.
    id INTEGER PRIMARY KEY, -- number of the row
    connection_id INTEGER NOT NULL -- the connection that carried it
        REFERENCES connections (id) ON DELETE CASCADE,
    capture_id INTEGER NOT NULL REFERENCES captures (id) ON DELETE CASCADE, -- holds the command's first octet
    time_ns INTEGER NOT NULL CHECK (time_ns = time_ns | 0), -- of the command's first octet
    frame INTEGER NOT NULL -- of the first octet, numbered as Wireshark does
        CHECK (frame = frame | 0),
    tag TEXT CHECK (tag < x''), -- what the client named the command by
    command TEXT NOT NULL -- LOGIN, or AUTHENTICATE with a SASL mechanism
        CHECK (command IN ('LOGIN', 'AUTHENTICATE')),
    mechanism TEXT CHECK (mechanism < x''), -- of AUTHENTICATE, in capitals
    username TEXT CHECK (username < x''), -- what a lenient server sees
    username_form TEXT -- how it was written; atom: bare
        CHECK (username_form = 'atom' OR username_form = 'quoted' OR username_form = 'literal'
               OR username_form = 'literal+' OR username_form = 'literal8'
               OR username_form = 'sasl'),
    username_length INTEGER -- octets, also those not kept
        CHECK (username_length = username_length | 0),
    password_form TEXT -- how it was written
        CHECK (password_form = 'atom' OR password_form = 'quoted' OR password_form = 'literal'
               OR password_form = 'literal+' OR password_form = 'literal8'
               OR password_form = 'sasl'),
    password_length INTEGER -- only with --password-shape
        CHECK (password_length = password_length | 0),
    exposure TEXT -- what somebody on the path could take: the password (or token) itself, or what it can be guessed by
        CHECK (exposure IN ('password', 'guessable')),
    password_empty INTEGER -- 1: it has no octet; NULL: not all of it was seen
        CHECK (password_empty IN (0, 1)),
    password_charset TEXT -- what its octets are; NULL: not all of them were seen
        CHECK (password_charset = 'ASCII' OR password_charset = 'UTF-8' OR password_charset = 'other'),
    authzid TEXT CHECK (authzid < x''), -- identity to act as (SASL)
    workstation TEXT CHECK (workstation < x''), -- what the client calls itself (NTLM)
    oauth_error TEXT CHECK (oauth_error < x''), -- why a token was refused: status and scope
    result TEXT -- NULL: no verdict was seen
        CHECK (result = 'OK' OR result = 'NO' OR result = 'BAD' OR result = 'BYE'),
    response_code TEXT CHECK (response_code < x''), -- e.g. AUTHENTICATIONFAILED
    response_text TEXT -- masked where it repeats a credential
        CHECK (response_text < x''),
    latency_ns INTEGER -- from the command's last octet to the verdict
        CHECK (latency_ns = latency_ns | 0),
    after_result TEXT -- verdict of the first command after it that says something of the mailbox
        CHECK (after_result = 'OK' OR after_result = 'NO' OR after_result = 'BAD' OR after_result = 'BYE'),
    after_text TEXT CHECK (after_text < x''), -- what the server said to that command
    incomplete INTEGER NOT NULL -- 1: it was cut off, or octets of it were never captured
        CHECK (incomplete IN (0, 1)),
    initial_response INTEGER -- of AUTHENTICATE, 1: a response stood on its own line; NULL: LOGIN, or the line was cut
        CHECK (initial_response IN (0, 1))
);
CREATE INDEX logins_by_connection ON logins (connection_id);
CREATE INDEX logins_by_capture ON logins (capture_id);
-- Those that did not simply succeed.
CREATE INDEX logins_incomplete ON logins (capture_id)
    WHERE result IS NOT 'OK' OR after_result = 'BAD' OR after_result = 'NO' OR incomplete;

CREATE TABLE rules (
    -- What can be wrong with a login; filled by imaptap.
    rule TEXT NOT NULL PRIMARY KEY CHECK (typeof(rule) = 'text'), -- e.g. unquoted-wildcard
    severity TEXT NOT NULL -- error: the grammar forbids it; no rule has another one today
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
               OR argument = 'mechanism' OR argument = 'initial-response' OR argument = 'response'
               OR argument = 'command'),
    position INTEGER -- of the first offending octet, from 0; NULL: none, or not known
        CHECK (position = position | 0),
    count INTEGER CHECK (count = count | 0), -- how many octets offend; NULL: not known
    octets TEXT CHECK (octets < x''), -- which, each once; outside ! to ~ as \xNN
    UNIQUE (login_id, rule, argument)
);

CREATE TABLE causes (
    -- Why a login failed: a row for each that was refused, not answered, or let in without a usable mailbox. Of packets
    -- that were captured twice only the first time has one.
    -- Worked out from all the others after captures were read, and again where the database changes (db/judgement).
    login_id INTEGER PRIMARY KEY REFERENCES logins (id) ON DELETE CASCADE, -- which
    cause TEXT NOT NULL -- syntax: how the command was written; form: the server refuses what it must take
        CHECK (cause IN ('syntax', 'form', 'mechanism', 'credentials', 'account', 'limit', 'policy', 'privacy',
                         'unavailable', 'mailbox', 'hung-up', 'gave-up', 'unknown')),
    rule TEXT CHECK (rule < x''), -- of syntax: which rule; several with commas: one of them
    certainty TEXT NOT NULL CHECK (certainty IN ('proved', 'likely', 'unknown')), -- how sure
    author_login_id INTEGER CHECK (author_login_id = author_login_id | 0), -- the login whose sender is at fault
    evidence_login_id INTEGER CHECK (evidence_login_id = evidence_login_id | 0), -- the login that it is compared with
    inbound_login_id INTEGER CHECK (inbound_login_id = inbound_login_id | 0), -- as a proxy had received it
    said TEXT CHECK (said < x''), -- what the server said
    sentence TEXT NOT NULL CHECK (sentence < x'') -- all of this in words
);
