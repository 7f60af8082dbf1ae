"""`clipper`: one file per command. This one stays light, so that `clipper --help` answers at once."""

import click

from clipper_assets.cli.lazy import LazyGroup

COMMANDS = {
    "process": "Make the clips of a video file, or of an upload.",
    "models": "List, fetch and verify the model files of the camera.",
    "styles": "Draw all caption styles side by side.",
    "doctor": "Say what is missing on this machine.",
}


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS)
@click.version_option(package_name="clipper_assets")
def main() -> None:
    """Podcast videos in, vertical captioned clips and a word-level transcript out."""
