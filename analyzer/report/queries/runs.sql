-- The runs that read the captures, the newest first; ?1: how many.
SELECT r.uuid, r.state, r.started_ns, r.ended_ns, r.command_line, r.filter, r.host, r.user, r.imaptap_version, r.libpcap_version,
       r.libnids_version, r.sqlite_version, (SELECT count(*) FROM captures p WHERE p.run_id = r.id) AS captures
FROM runs r
ORDER BY r.id DESC
LIMIT ?1;
