-- The captures: what was read, when it was recorded, what was found in it
SELECT p.id, p.source, p.kind, p.state,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.first_ns / 1000000000, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.last_ns / 1000000000, 'unixepoch') AS last_time,
       p.packets, p.bytes,
       (SELECT count(*) FROM connections c WHERE c.capture_id = p.id) AS connections,
       (SELECT count(*) FROM logins l WHERE l.capture_id = p.id) AS logins,
       p.error
FROM captures p
WHERE (:since IS NULL OR p.last_ns IS NULL OR p.last_ns >= :since)
  AND (:until IS NULL OR p.first_ns IS NULL OR p.first_ns < :until)
ORDER BY p.id;
