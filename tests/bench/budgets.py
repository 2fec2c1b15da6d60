"""What imaptap must reach (design, section 8), and whether it does. Times beside the empty loop are without SHA-256: its
1.3 GB a second and core are the processor's, and the empty loop takes 5 GB a second. With it, all is beside openssl's."""

MIB = 1 << 20
RATIOS = {"mixed": 1.5, "dense": 6, "fetch": 1.3}  # of wall time to the empty loop's
HASHED = {"mixed": 1.15, "fetch": 1.15}  # of wall time, as shipped, to that of openssl dgst -sha256
MEMORY = {"wide": 256, "hostile": 256}  # MiB of all processes together
MEMORY_OF_OTHERS = 64
GROWTH = 17  # sixteen times as much may take this many times as long
GROWTH_MEMORY = 1.25  # "the same memory": what one more run in other circumstances differs by


def budget(name, value, limit, unit):
    return {"budget": name, "value": round(value, 2), "limit": limit, "unit": unit, "met": value <= limit}


def per_frame(workload):
    return workload["programs"]["imaptap"]["median"] / workload["frames"] * 1e9


def beside(workload, otherwise):
    """The seconds that imaptap took for dense in turn with this workload: a machine may be slower an hour later."""
    return workload["beside"]["median"] if workload.get("beside") else otherwise


def judge(workloads):
    """A list of budgets, of those workloads that were measured."""
    measured = {name: w for name, w in workloads.items() if "imaptap" in w["programs"]}
    found = []
    for name, workload in measured.items():
        imaptap = workload["programs"]["imaptap"]
        if name in RATIOS and imaptap["ratio"] is not None:
            found.append(budget(f"{name}: time", imaptap["ratio"], RATIOS[name], "x empty loop"))
        programs = workload["programs"]
        if name in HASHED and "openssl" in programs and "imaptap+sha256" in programs:
            found.append(budget(f"{name}: time with SHA-256", programs["imaptap+sha256"]["median"] / programs["openssl"]["median"],
                                HASHED[name], "x openssl"))
        peak = max(workload["programs"][program]["peak"] for program in workload["programs"] if program.startswith("imaptap"))
        found.append(budget(f"{name}: memory", peak / MIB, MEMORY.get(name, MEMORY_OF_OTHERS), "MiB"))
    if "growth16" in measured and "dense" in measured:
        one, sixteen = (measured[name]["programs"]["imaptap"] for name in ("dense", "growth16"))
        time = beside(measured["growth16"], one["median"])
        found.append(budget("growth: time of 16x", sixteen["median"] / time, GROWTH, "x dense"))
        found.append(budget("growth: memory of 16x", sixteen["peak"] / one["peak"], GROWTH_MEMORY, "x dense"))
    if "hostile" in measured and "dense" in measured:
        hostile = per_frame(measured["hostile"])
        dense = beside(measured["hostile"], measured["dense"]["programs"]["imaptap"]["median"]) / measured["dense"]["frames"] * 1e9
        found.append(budget("hostile: time of a packet", hostile, round(dense, 2), "ns, as dense"))
    return found
