"""The command ``msbench``; each subcommand is in a file of its own.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import click

from benchmark.cli.bench import bench
from benchmark.cli.cache import cache
from benchmark.cli.compare import compare
from benchmark.cli.embed import embed
from benchmark.cli.events import events
from benchmark.cli.heareval import export, score
from benchmark.cli.report import report
from benchmark.cli.run import run
from benchmark.cli.tasks import tasks
from benchmark.cli.validate import main as hear_validator


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
def main() -> None:
    """Compare audio embeddings on scene, event and pitch tasks by HEAR's downstream protocol.

    \b
    Examples:
      msbench run --baselines cola,panns --limit 50
      msbench run my_module=checkpoint.pt --tasks-dir tasks
      msbench compare results/before results/after
    """  # noqa: D301 -- click wants the character behind \\b


main.add_command(run)
main.add_command(hear_validator, "validate")
main.add_command(tasks)
main.add_command(cache)
main.add_command(export)
main.add_command(score)
main.add_command(bench)
main.add_command(report)
main.add_command(compare)
main.add_command(events)
main.add_command(embed)


if __name__ == "__main__":
    main()
