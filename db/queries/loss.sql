-- What the captures could not show: drops, lost octets, connections seen in part, logins without a verdict
SELECT p.id, p.source, p.state, p.kernel_drops, p.interface_drops, c.connections, c.lost_octets,
       c.midstream, c.one_sided, c.encrypted, c.not_imap, l.incomplete_logins, l.unanswered_logins, p.error
FROM captures p
LEFT JOIN (SELECT capture_id, count(*) AS connections, sum(lost_octets) AS lost_octets, sum(midstream) AS midstream,
                  sum(one_sided) AS one_sided, sum(encryption <> 'none') AS encrypted,
                  sum(not_imap) AS not_imap
           FROM connections GROUP BY capture_id) c ON c.capture_id = p.id
LEFT JOIN (SELECT capture_id, sum(incomplete) AS incomplete_logins, sum(result IS NULL) AS unanswered_logins
           FROM logins GROUP BY capture_id) l ON l.capture_id = p.id
WHERE (:since IS NULL OR p.last_ns IS NULL OR p.last_ns >= :since)
  AND (:until IS NULL OR p.first_ns IS NULL OR p.first_ns < :until)
ORDER BY p.id;
