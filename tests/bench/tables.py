"""The figures of a bench as a table for a terminal, and as one for docs/performance.md."""

MIB = 1 << 20


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def rows_of(results):
    """(workload, program, runs, median, spread, CPU, ratio, memory), a row each."""
    for name, workload in results["workloads"].items():
        for program, figures in workload["programs"].items():
            median = f"> {seconds(figures['median'])}" if figures["over"] else seconds(figures["median"])
            ratio = "" if figures["ratio"] is None else f"{figures['ratio']:.2f}"
            yield (name, program, str(figures["runs"]), median,
                   f"{seconds(figures['min'])} - {seconds(figures['max'])}", seconds(figures["cpu"]), ratio,
                   f"{figures['peak'] / MIB:.1f}")


HEAD = ("workload", "program", "runs", "median s", "spread s", "CPU s", "ratio", "MiB")


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def rows_said(results):
    for name, workload in results["workloads"].items():
        if workload["rows_equal_truth"] is not None:
            equal = "equal the truth in every run" if workload["rows_equal_truth"] else "; ".join(set(workload["wrong"]))
            yield name, f"{workload['logins']:,} logins, rows {equal}"


def text(results):
    parts = [f"{results['machine']}, Linux {results['kernel']}, {results['imaptap']}, {results['date']}",
             aligned([HEAD, *rows_of(results)]),
             "\n".join(f"{name}: {said}" for name, said in rows_said(results)),
             "\n".join(f"{'met ' if b['met'] else 'MISSED'} {b['budget']}: {b['value']} of {b['limit']} {b['unit']}"
                       for b in results["budgets"])]
    return "\n\n".join(part for part in parts if part)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def markdown(results):
    packages = ", ".join(f"{name} {version}" for name, version in results["packages"].items())
    lines = [f"`scripts/bench --runs {results['runs']} --seed {results['seed']}` on {results['date']}: {results['machine']}, "
             f"Linux {results['kernel']}; {results['imaptap']}, {packages}.", ""]
    lines += [line(("workload", "what", "MB", "frames", "logins", "rows")), line(["---"] * 6)]
    for name, workload in results["workloads"].items():
        rows = {True: "equal the truth", False: "DIFFER", None: ""}[workload["rows_equal_truth"]]
        lines.append(line((name, workload["what"], f"{workload['octets'] / 1e6:,.0f}", f"{workload['frames']:,}",
                           f"{workload['logins']:,}", rows)))
    lines += ["", line(HEAD), line(["---"] * 2 + ["---:"] * 6)]
    lines += [line(row) for row in rows_of(results)]
    lines += ["", line(("budget", "is", "must", "")), line(["---"] * 4)]
    lines += [line((b["budget"], str(b["value"]), f"{b['limit']} {b['unit']}", "met" if b["met"] else "missed"))
              for b in results["budgets"]]
    return "\n".join(lines)
