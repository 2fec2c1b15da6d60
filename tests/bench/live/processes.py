"""What a live capture's processes use: memory and descriptors of the recorder, the launcher and the analyzers."""
import os


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def kinds(recorder):
    """The processes: {kind: [pid]}."""
    launchers = children(recorder)
    return {"recorder": [recorder], "launcher": launchers, "analyzer": [pid for one in launchers for pid in children(one)]}


def memory(pid):
    """(RSS, PSS, anonymous memory) in KiB; zeros when it has just ended."""
    figures = {}
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                words = line.split()
                if len(words) == 3 and words[2] == "kB":
                    figures[words[0]] = int(words[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return figures.get("Rss:", 0), figures.get("Pss:", 0), figures.get("Anonymous:", 0)


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def sample(recorder):
    """{kind: (RSS, PSS, anonymous memory, descriptors)}, sums over the processes of a kind."""
    found = {}
    for kind, pids in kinds(recorder).items():
        rows = [(*memory(pid), descriptors(pid)) for pid in pids]
        found[kind] = tuple(sum(column) for column in zip(*rows)) if rows else (0, 0, 0, 0)
    return found


def cpu_seconds(pid):
    """Processor time so far, user and system."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
