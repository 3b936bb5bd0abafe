"""Where an exported network comes from and what it was made with: the last sections of every model card."""

from __future__ import annotations

import yaml

from .export_options import ExportOptions
from .markdown import table
from .tasks import Task
from .versions import versions


def origin(options: ExportOptions) -> str:
    """Candidate, latency table, lineage and job, as far as there are any."""
    lines = ["## Where it comes from", ""]
    if options.candidate:
        lines.append(f"Candidate `{options.candidate}`.")
    if options.table_hash:
        lines.append(f"Latency table `{options.table_hash}`.")
    lines += ["", "Lineage, from the first ancestor to the parent:", ""] if options.lineage else []
    lines += [f"{i}. {line}" for i, line in enumerate(options.lineage, 1)]
    if options.spec:
        lines += ["", "The job:", "", "```yaml", yaml.safe_dump(options.spec, sort_keys=False).rstrip(), "```"]
    return "\n".join(lines) if len(lines) > 2 else "## Where it comes from\n\nExported by hand, from no job."


def version_table(task: Task) -> str:
    """The task's version and those of the packages that made the export."""
    own = [("task", f"{task.name} v{task.version}")]
    return "## Versions\n\n" + table(("package", "version"), [*own, *versions().items()])
