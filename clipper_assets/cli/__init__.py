"""The `clipper` command: one module per subcommand, imported lazily so that `clipper --help` is fast."""

import click

from clipper_assets.cli.lazy import LazyGroup

COMMANDS = {
    "process": "Make clips of a video file or an upload.",
    "search": "Find what was said in any episode.",
    "sql": "Ask the tables of all episodes with SQL.",
    "models": "List, fetch and verify the model files.",
    "looks": "List, add and remove looks, in which clips can be made as well.",
    "styles": "Draw all caption styles side by side.",
    "pools": "Set the limits of the pools for this deployment.",
    "doctor": "Check this machine and its deployment.",
}


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS)
@click.version_option(package_name="clipper_assets")
def main() -> None:
    """Turn podcast videos into vertical, captioned clips and a word-level transcript."""
