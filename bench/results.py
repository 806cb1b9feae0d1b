"""The recorded comparisons as text."""

import json

import harness

SIDES = (("ratio", "eager"), ("ratio_tuned", "tuned"), ("ratio_compile", "compile"))


def number(value, digits=3):
    return f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"


def spread_text(found):
    return f"{found['median']:.2f} ({found['interval'][0]:.2f} to {found['interval'][1]:.2f})"


def ratio_text(report, name, kind):
    if name not in report["ratios"]:
        return "fails" if name in report["failures"] else "-"
    return spread_text(report["ratios"][name][kind])


def text_of(report):
    lines = []
    for case in report.get("cases", {"": report}).values():
        lines.append(f"{case['workload']}, {case['threads']} thread(s), {len(case['rounds'])} rounds, "
                     f"{case['flop_per_step'] * 1e-9:,.3g} GFLOP a step, peak {case['roof']['peak_gflops']:,.0f} GFLOP/s")
        for name, figures in case["per_step"].items():
            lines.append(f"  {name:9} {number(figures['wall_ms'])} ms wall, {number(figures['cpu_ms'])} ms CPU, "
                         f"{number(figures['page_faults'])} page faults a step, {figures['share_of_peak']:.0%} of peak, "
                         f"{figures['peak_bytes'] >> 20:,} MiB")
        for _, name in SIDES:
            lines.append(f"  against {name:8} wall {ratio_text(case, name, 'wall_s')}, CPU {ratio_text(case, name, 'cpu_s')}")
        for name, failure in case["failures"].items():
            lines.append(f"  {name} failed: {failure}")
    return "\n".join(lines)


def stages_text(report):
    lines = [f"{report['name']}, {report['threads']} thread(s), {report['rows']:,} rows, {report['steps_per_epoch']} steps an epoch"]
    for name, stage in report["stages"].items():
        for side, figures in stage["per_step"].items():
            lines.append(f"  {name:7} {side:9} {number(figures['wall_ms'])} ms wall, {number(figures['cpu_ms'])} ms CPU, "
                         f"{figures['peak_bytes'] >> 20:,} MiB")
        lines.append(f"  {name:7} against package: wall {ratio_text(stage, 'package', 'wall_s')}, CPU {ratio_text(stage, 'package', 'cpu_s')}")
    return "\n".join(lines)


HEAD = """# Results

Written by `bench/compare --table` from `bench/results/*/*.json`, which hold every round. How it is measured:
[docs/performance.md](../docs/performance.md). A ratio is PyTorch's time over Ganymede's in the same round: median, and the 95 %
bootstrap interval of the median. `eager` is the plain script, `tuned` what a careful user makes of it, `compile` torch.compile.
"""


def machine_text(report):
    machine = report["machine"]
    waiting = ", ".join(f"{key}={value}" for key, value in machine.get("environment", {}).items()) or "default waiting"
    return (f"{machine.get('cpu', 'unknown CPU')} ({harness.kind_of_machine(machine)}), {machine['usable_cpus']} CPUs, "
            f"{machine['memory_bytes'] / 2**30:.0f} GiB, load {machine['load_before']:.1f} at the end, {waiting}; "
            f"torch {torch_of(report)}; {report['date']}, commit {report['commit']}")


def torch_of(report):
    """The version that the other side ran on."""
    return next(about["torch"] for name, about in report["about"].items() if name in ("eager", "package"))


def stages_table(reports):
    """Lines about CTGAN beside the package ctgan."""
    if not reports:
        return []
    lines = ["", "## Tables: the package ctgan's time over Ganymede's", "", "Written by `bench/compare_tables`.", "",
             "| table | threads | stage | CPU time | wall time | CPU s here | CPU s there |", "|---|---|---|---|---|---|---|"]
    for report in reports:
        for name, stage in report["stages"].items():
            ours, theirs = (number(stage["per_step"][side]["cpu_ms"] / 1000) for side in ("ganymede", "package"))
            lines.append(f"| {report['name']} | {report['threads']} | {name} | {ratio_text(stage, 'package', 'cpu_s')} | "
                         f"{ratio_text(stage, 'package', 'wall_s')} | {ours} | {theirs} |")
    return lines


def write_table():
    reports = [json.loads(path.read_text()) for path in harness.recorded_comparisons()]
    lines = [HEAD]
    for kind, title in (("cpu_s", "CPU time (all threads)"), ("wall_s", "Wall time")):
        lines += [f"## {title}", "", "| workload | machine | threads | eager | tuned | compile |", "|---|---|---|---|---|---|"]
        for kind_of_cpu, case in cases_of(reports):
            lines.append(f"| {case['workload']} | {kind_of_cpu} | {case['threads']} | "
                         + " | ".join(ratio_text(case, name, kind) for _, name in SIDES) + " |")
        lines.append("")
    lines += ["## Per step", "", "| workload | machine | threads | side | wall ms | CPU ms | page faults | GFLOP/s by CPU time | of FMA peak | peak memory MiB |",
              "|---|---|---|---|---|---|---|---|---|---|"]
    for kind_of_cpu, case in cases_of(reports):
        for name, figures in case["per_step"].items():
            lines.append(f"| {case['workload']} | {kind_of_cpu} | {case['threads']} | {name} | {number(figures['wall_ms'])} | {number(figures['cpu_ms'])} | "
                         f"{number(figures['page_faults'])} | {number(figures['gflops_by_cpu'])} | {figures['share_of_peak']:.0%} | "
                         f"{figures['peak_bytes'] >> 20:,} |")
    lines += ["", "## Same work", "", "| workload | machine | threads | side | largest relative difference of the first step's losses |",
              "|---|---|---|---|---|"]
    for kind_of_cpu, case in cases_of(reports):
        for name, checks in case["checks"].items():
            worst = max(check["relative"] for check in checks if check["step"] == 0)
            lines.append(f"| {case['workload']} | {kind_of_cpu} | {case['threads']} | {name} | {worst:.1e} |")
    staged = [json.loads(path.read_text()) for path in harness.recorded_stages()]
    lines += stages_table(staged)
    lines += ["", "## Machines", ""]
    lines += [f"- {report['name']}, {report['threads']} thread(s): {machine_text(report)}" for report in reports + staged]
    failures = [f"- {case['workload']}, {kind_of_cpu}: {failure}" for kind_of_cpu, case in cases_of(reports) for failure in case["failures"].values()]
    if failures:
        lines += ["", "## What failed", "", *failures]
    path = harness.BENCH / "RESULTS.md"
    path.write_text("\n".join(lines) + "\n")
    print(path)


def cases_of(reports):
    """(kind of machine, case)"""
    return [(harness.kind_of_machine(report["machine"]), case) for report in reports for case in report.get("cases", {"": report}).values()]
