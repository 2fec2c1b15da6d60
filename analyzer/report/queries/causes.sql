-- Why logins failed, a row a cause: how many (both legs of a proxy count), of how many users, how sure that is, and what the cause means.
SELECT k.cause, count(*) AS logins, count(DISTINCT l.username) AS users, sum(k.certainty = 'proved') AS proved,
       sum(k.certainty = 'likely') AS likely,
       -- at a client that is not at fault: what passed it on, or was passed on, is
       sum(k.author_login_id IS NOT k.login_id) AS passed_on,
       CASE k.cause
           WHEN 'syntax' THEN 'how the command was written'
           WHEN 'form' THEN 'a legal form of it that the server does not take'
           WHEN 'mechanism' THEN 'the mechanism; another one works, or it was never announced'
           WHEN 'credentials' THEN 'the user name or the password'
           WHEN 'account' THEN 'the account: locked, expired, disabled'
           WHEN 'limit' THEN 'too many connections or attempts'
           WHEN 'policy' THEN 'a rule of the server: protocol disabled, application password'
           WHEN 'privacy' THEN 'the server demands TLS first'
           WHEN 'unavailable' THEN 'the server, or what it asks, was out of order'
           WHEN 'mailbox' THEN 'let in, but the mailbox cannot be used'
           WHEN 'hung-up' THEN 'the server closed the connection without an answer'
           WHEN 'gave-up' THEN 'the client left before an answer'
           ELSE 'not known'
       END AS meaning
FROM causes k
CROSS JOIN logins l ON l.id = k.login_id
GROUP BY k.cause
ORDER BY proved > 0 DESC, likely > 0 DESC, k.cause = 'unknown', logins DESC, k.cause;
