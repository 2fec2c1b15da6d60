-- One row: what one side of a comparison rests on.
SELECT p.*, c.*, l.*
FROM (SELECT count(*) AS captures, coalesce(sum(state <> 'complete'), 0) AS unfinished,
             min(CASE WHEN packets > 0 THEN first_ns END) AS first_ns, max(CASE WHEN packets > 0 THEN last_ns END) AS last_ns,
             CASE count(*) WHEN 1 THEN min(source) END AS source
      FROM captures
      WHERE :captures IS NULL OR id IN (SELECT value FROM json_each(:captures))) p,
     (SELECT count(*) AS connections, coalesce(sum(encryption <> 'none'), 0) AS encrypted,
             coalesce(sum(lost_octets), 0) AS lost_octets
      FROM connections
      WHERE :captures IS NULL OR capture_id IN (SELECT value FROM json_each(:captures))) c,
     (SELECT count(*) AS logins, coalesce(sum(refused IS 1), 0) AS refused, coalesce(sum(refused IS NULL), 0) AS unanswered,
             coalesce(sum(wildcard_unquoted), 0) AS unquoted
      FROM (SELECT refused, wildcard_unquoted FROM judged_logins
            WHERE :captures IS NULL OR capture_id IN (SELECT value FROM json_each(:captures)) LIMIT -1)) l;
