-- The captures, and what each of them could not show; ?1: how many; ?3, ?4: of which time.
SELECT p.id, p.source, p.kind, p.state, p.error, p.fingerprint, p.link_types, p.size, p.sha256, p.read_ns, r.uuid AS run,
       p.evicted, p.packets, p.bytes, p.kernel_drops, p.interface_drops,
       p.first_ns, p.last_ns, coalesce(c.connections, 0) AS connections, coalesce(c.encrypted, 0) AS encrypted,
       coalesce(c.midstream, 0) AS midstream, coalesce(c.one_sided, 0) AS one_sided, coalesce(c.not_imap, 0) AS not_imap,
       coalesce(c.lost_octets, 0) AS lost_octets, coalesce(l.logins, 0) AS logins, coalesce(l.incomplete, 0) AS incomplete,
       coalesce(l.unanswered, 0) AS unanswered
FROM captures p
LEFT JOIN runs r ON r.id = p.run_id
LEFT JOIN (SELECT capture_id, count(*) AS connections, sum(lost_octets) AS lost_octets, sum(midstream) AS midstream,
                  sum(one_sided) AS one_sided, sum(encryption <> 'none') AS encrypted, sum(not_imap) AS not_imap
           FROM connections
           GROUP BY capture_id) c ON c.capture_id = p.id
LEFT JOIN (SELECT capture_id, count(*) AS logins, sum(incomplete) AS incomplete, sum(result IS NULL) AS unanswered
           FROM logins
           GROUP BY capture_id) l ON l.capture_id = p.id
WHERE (?3 IS NULL OR p.last_ns IS NULL OR p.last_ns >= ?3)
  AND (?4 IS NULL OR p.first_ns IS NULL OR p.first_ns < ?4)
ORDER BY p.state = 'complete', p.id
LIMIT ?1;
