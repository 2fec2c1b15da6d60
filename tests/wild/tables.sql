-- The tables of docs/in-the-wild.md, from the rows of measured.csv (table `measured`, empty fields are NULL, `row` is the
-- number of the line) and versions.csv (table `versions`). Each statement that follows a line "-- table: NAME" is one.

-- How each login wrote the argument that was tried. A cross: RFC 2060, 3501 and 9051 forbid it; (x): RFC 2060 and 3501 do.
CREATE TEMP VIEW cells AS
SELECT m.*,
       CASE
           WHEN command IS NULL THEN '–'
           WHEN incomplete = '1' OR result IS NULL THEN 'breaks off'
           WHEN command = 'AUTHENTICATE' THEN 'SASL ' || mechanism
           ELSE CASE WHEN argument = 'username' THEN coalesce(username_form, 'nothing') ELSE coalesce(password_form, 'nothing') END
       END
       || CASE
           WHEN broken IS NULL OR incomplete = '1' OR result IS NULL THEN ''
           WHEN broken = 'eight-bit-octet ' || argument
                AND CASE argument WHEN 'username' THEN username_form ELSE password_form END = 'quoted' THEN ' (✗)'
           ELSE ' ✗'
       END
       || CASE
           WHEN argument = 'username' AND broken IS NULL AND result IS NOT NULL AND incomplete = '0'
                AND coalesce(username, '') IS NOT CASE value
                    WHEN 'plain' THEN 'ab' WHEN 'star' THEN 'a*b' WHEN 'percent' THEN 'a%b' WHEN 'dquote' THEN 'a"b'
                    WHEN 'backslash' THEN 'a\b' WHEN 'paren' THEN 'a(b' WHEN 'brace' THEN 'a{b' WHEN 'space' THEN 'a b'
                    WHEN 'umlaut' THEN 'ü' ELSE '' END
           THEN ' ≠ ' || coalesce(nullif(username, ''), 'empty')
           ELSE ''
       END AS cell
  FROM measured m;

-- table: clients-username
SELECT software AS client, group_concat(offer, '; ') AS "server offers",
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, offer, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN cell END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN cell END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN cell END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN cell END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN cell END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN cell END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN cell END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN cell END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN cell END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN cell END), '–') AS "empty"
          FROM cells WHERE part = 'client' AND argument = 'username' GROUP BY software, offer
         ORDER BY first)
 GROUP BY software, "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
 ORDER BY min(first);

-- table: clients-password
SELECT software AS client, group_concat(offer, '; ') AS "server offers",
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, offer, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN cell END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN cell END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN cell END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN cell END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN cell END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN cell END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN cell END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN cell END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN cell END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN cell END), '–') AS "empty"
          FROM cells WHERE part = 'client' AND argument = 'password' GROUP BY software, offer
         ORDER BY first)
 GROUP BY software, "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
 ORDER BY min(first);

-- table: proxies-username
SELECT software AS proxy, group_concat(offer, '; ') AS "server offers",
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, offer, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN cell END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN cell END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN cell END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN cell END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN cell END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN cell END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN cell END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN cell END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN cell END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN cell END), '–') AS "empty"
          FROM cells WHERE part = 'proxy' AND argument = 'username' GROUP BY software, offer
         ORDER BY first)
 GROUP BY software, "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
 ORDER BY min(first);

-- table: proxies-password
SELECT software AS proxy, group_concat(offer, '; ') AS "server offers",
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, offer, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN cell END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN cell END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN cell END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN cell END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN cell END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN cell END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN cell END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN cell END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN cell END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN cell END), '–') AS "empty"
          FROM cells WHERE part = 'proxy' AND argument = 'password' GROUP BY software, offer
         ORDER BY first)
 GROUP BY software, "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
 ORDER BY min(first);

-- table: rules
SELECT CASE part WHEN 'client' THEN software ELSE software || ' (proxy)' END AS "client or proxy", argument,
       broken AS "rule and argument", group_concat(DISTINCT value) AS "with"
  FROM measured
 WHERE part <> 'server' AND broken IS NOT NULL AND incomplete = '0'
 GROUP BY part, software, argument, broken
 ORDER BY min(row);

-- table: servers-username
SELECT software AS server, written,
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, written, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN coalesce(result, 'closed') END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN coalesce(result, 'closed') END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN coalesce(result, 'closed') END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN coalesce(result, 'closed') END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN coalesce(result, 'closed') END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN coalesce(result, 'closed') END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN coalesce(result, 'closed') END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN coalesce(result, 'closed') END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN coalesce(result, 'closed') END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN coalesce(result, 'closed') END), '–') AS "empty"
          FROM measured WHERE part = 'server' AND argument = 'username' GROUP BY software, written)
 ORDER BY min(first) OVER (PARTITION BY software), written;

-- table: servers-password
SELECT software AS server, written,
       "`ab`", "`a*b`", "`a%b`", "`a""b`", "`a\b`", "`a(b`", "`a{b`", "`a b`", "`ü`", "empty"
  FROM (SELECT software, written, min(row) AS first,
               coalesce(max(CASE value WHEN 'plain' THEN coalesce(result, 'closed') END), '–') AS "`ab`",
               coalesce(max(CASE value WHEN 'star' THEN coalesce(result, 'closed') END), '–') AS "`a*b`",
               coalesce(max(CASE value WHEN 'percent' THEN coalesce(result, 'closed') END), '–') AS "`a%b`",
               coalesce(max(CASE value WHEN 'dquote' THEN coalesce(result, 'closed') END), '–') AS "`a""b`",
               coalesce(max(CASE value WHEN 'backslash' THEN coalesce(result, 'closed') END), '–') AS "`a\b`",
               coalesce(max(CASE value WHEN 'paren' THEN coalesce(result, 'closed') END), '–') AS "`a(b`",
               coalesce(max(CASE value WHEN 'brace' THEN coalesce(result, 'closed') END), '–') AS "`a{b`",
               coalesce(max(CASE value WHEN 'space' THEN coalesce(result, 'closed') END), '–') AS "`a b`",
               coalesce(max(CASE value WHEN 'umlaut' THEN coalesce(result, 'closed') END), '–') AS "`ü`",
               coalesce(max(CASE value WHEN 'empty' THEN coalesce(result, 'closed') END), '–') AS "empty"
          FROM measured WHERE part = 'server' AND argument = 'password' GROUP BY software, written)
 ORDER BY min(first) OVER (PARTITION BY software), written;

-- table: servers-legal
SELECT software AS server, argument, written,
       coalesce(max(CASE value WHEN 'openbracket' THEN coalesce(result, 'closed') END), '–') AS "`a[b`",
       coalesce(max(CASE value WHEN 'closebracket' THEN coalesce(result, 'closed') END), '–') AS "`a]b`",
       coalesce(max(CASE value WHEN 'closebrace' THEN coalesce(result, 'closed') END), '–') AS "`a}b`",
       coalesce(max(CASE value WHEN 'tilde' THEN coalesce(result, 'closed') END), '–') AS "`a~b`"
  FROM measured
 WHERE part = 'server' AND written = 'bare'
 GROUP BY software, argument
 ORDER BY min(min(row)) OVER (PARTITION BY software), argument DESC;

-- table: answers
SELECT software AS server, result || coalesce(' [' || response_code || ']', '') || ' ' || coalesce(response_text, '') AS "said to bare forms",
       group_concat(DISTINCT CASE argument WHEN 'username' THEN 'user ' ELSE 'password ' END || value) AS "with"
  FROM measured
 WHERE part = 'server' AND written = 'bare' AND result <> 'OK'
 GROUP BY software, 2
 ORDER BY min(row);

-- table: versions
SELECT software, version, package FROM versions;
