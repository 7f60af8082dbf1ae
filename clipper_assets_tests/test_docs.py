"""README, CHANGELOG and the pages of docs/ only mention commands, paths, variables, links and settings that exist."""

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml
from click.testing import CliRunner

from clipper_assets.captions.styles import CaptionStyle, style_names
from clipper_assets.clips.gates.gates import GATES
from clipper_assets.definitions import defs
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout, Show
from clipper_assets.text.toml import read_toml
from clipper_assets_tests.test_settings import variable

PROJECT = Path(__file__).parent.parent
README = PROJECT / "README.md"
PAGES = [README, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").glob("*.md"))]
COMMANDS = {
    script.name: script for script in entry_points(group="console_scripts") if script.name.startswith("clipper")
}
FOLDERS = ("benchmarks", "clipper_assets", "clipper_assets_tests", "deploy", "docs", "requirements", "sample")
EXTERNAL_VARIABLES = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_SECRET_ACCESS_KEY",
    "CUDA_VISIBLE_DEVICES",
    "DAGSTER_HOME",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "UV_TORCH_BACKEND",
}
"""Variables that boto3, CUDA, Dagster, the model hub and uv read."""


def code(page: Path) -> Iterator[str]:
    """Yield the lines of code on a page: from indented and fenced blocks, and from spans between backticks."""
    fenced = False
    for line in page.read_text().splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield from filter(None, [line.strip()])
        else:
            yield from re.findall(r"`([^`]+)`", line)


def blocks(page: Path, language: str) -> list[str]:
    """The contents of the fenced blocks of a page in a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield each call of `clipper` or `clipper-api` on a page as a list of words, without folder and comment."""
    for line in code(page):
        name, *rest = line.split(maxsplit=1)
        if Path(name).name in COMMANDS:
            yield [Path(name).name, *shlex.split(" ".join(rest), comments=True)]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes from the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_arguments(command: click.Command, arguments: list[str]) -> None:
    """Raise click.UsageError for an unknown subcommand or option, or an invalid choice."""
    context = click.Context(command)
    if isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        subcommand = command.get_command(context, arguments[0])
        if subcommand is None:
            raise click.UsageError(f"there is no command {arguments[0]}")
        check_arguments(subcommand, arguments[1:])
        return
    parser = command.make_parser(context)
    values, _, _ = parser.parse_args(list(arguments))
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if isinstance(value, str) and isinstance(parameter.type, click.Choice):
            parameter.type.convert(value, parameter, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for name, *arguments in commands(page):
        try:
            check_arguments(COMMANDS[name].load(), arguments)
        except click.UsageError as error:
            pytest.fail(f"{name} {shlex.join(arguments)}: {error.format_message()}")


def test_commands_on_a_page_and_mistakes_in_them_are_detected(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Use `clipper doctor`:\n\n    .venv/bin/clipper process a.mp4 --layout wide    # comment\n")
    first, second = commands(page)
    assert (first, second) == (["clipper", "doctor"], ["clipper", "process", "a.mp4", "--layout", "wide"])
    main = COMMANDS["clipper"].load()
    check_arguments(main, first[1:])
    for wrong in (second[1:], ["process", "a.mp4", "--colour"], ["procss"]):
        with pytest.raises(click.UsageError):
            check_arguments(main, wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    used_targets = {match[1] for line in code(page) if (match := re.match(r"make ([\w-]+)", line))}
    assert used_targets <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_exists(page: Path) -> None:
    starts = "|".join(FOLDERS)
    paths = {path for line in code(page) for path in re.findall(rf"(?<![\w./-])(?:{starts})/[\w./-]*", line)}
    assert [path for path in sorted(paths) if not (PROJECT / path.rstrip(".")).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_environment_variable_exists(page: Path) -> None:
    known = EXTERNAL_VARIABLES | {variable(name) for name in Settings.model_fields}
    variables = set(re.findall(r"\b(?:AUTH|AWS|CLIPPER|CUDA|DAGSTER|HF|OPENAI|UV)_[A-Z0-9_]+\b", page.read_text()))
    assert variables - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_resolves(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'<img src="([^"]+)"', text)
    for target in targets:
        if "://" in target:
            continue
        path, _, fragment = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not fragment or fragment in anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_is_defined_or_used_in_the_file_that_the_page_gives(page: Path) -> None:
    text = re.sub(r"\s+", " ", page.read_text())
    for names, path in re.findall(r"((?:`\w+`(?:, | and | or )?)+) in `([\w./]+\.py)`", text):
        source = (PROJECT / path).read_text()
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"\b{name}\b", source), f"{name} is not in {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_run_config_and_show_settings_are_valid(page: Path) -> None:
    for block in blocks(page, "yaml"):
        config = yaml.safe_load(block)
        jobs = [defs.resolve_job_def(name) for name in ("clip_episode", "clip_stale", "collect_garbage", "prune_runs")]
        job = next(job for job in jobs if config["ops"].keys() <= {node.name for node in job.nodes})
        dg.validate_run_config(job, config)
    for block in blocks(page, "toml"):
        table = read_toml(block.encode(), page.name)
        if not all(name.startswith("SPEAKER_") for name in table):
            Show.model_validate(table)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_conflict_of_a_merge_is_left(page: Path) -> None:
    assert re.findall(r"^(?:<{7}|={7}|>{7}).*$", page.read_text(), re.MULTILINE) == []


def test_the_readme_is_short_and_links_to_every_page() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 150
    assert {page for page in PAGES if page != README} <= {
        (PROJECT / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", text)
    }


def test_the_architecture_page_and_its_diagram_show_every_asset() -> None:
    graph = defs.resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    inputs = {key for key in keys if graph.get(key).group_name == "inputs"}
    rows_of_inputs = {key.path[0] if len(key.path) == 1 else f"{key.path[0]}/<reader>" for key in inputs}
    others = {key.to_user_string() for key in keys - inputs}
    page = (PROJECT / "docs" / "architecture.md").read_text()
    assert {name for name in others | rows_of_inputs if f"| `{name}` |" not in page} == set()
    picture = (PROJECT / "docs" / "assets.svg").read_text()
    assert {name for name in others if name not in picture} == set()


def test_the_operators_page_says_what_runs_automatically() -> None:
    page = (PROJECT / "docs" / "operators.md").read_text()
    rows = {
        name: status
        for names, status in re.findall(r"^\| (`[^|]+`) \| (on|off) \|", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", names)
    }
    deployment = defs.get_repository_def()
    statuses = {each.name: each.default_status.value for each in deployment.sensor_defs}
    statuses |= {each.name: each.default_status.value for each in deployment.schedule_defs}
    expected = {name: "on" if status == "RUNNING" else "off" for name, status in statuses.items()}
    assert expected.pop("default_automation_condition_sensor") == "off"
    assert expected.items() <= rows.items()


def test_the_operators_page_lists_every_check() -> None:
    page = (PROJECT / "docs" / "operators.md").read_text()
    graph = defs.resolve_asset_graph()
    names = {key.name for key in graph.asset_check_keys if not key.name.endswith("_not_degraded")}
    assert {name for name in names if f"`{name}`" not in page} == set()


def rows(page: str) -> list[list[str]]:
    """The cells of every table row of a page in docs/, without backticks."""
    lines = (PROJECT / "docs" / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").replace("`", "").split("|")] for line in lines if line[:1] == "|"]


def test_the_creators_page_lists_every_gate_with_its_limits() -> None:
    names = {gate.name for gate in GATES}
    table = [row for row in rows("creators.md") if len(row) == 4 and row[0].split(", ")[0] in names]
    assert {gate for row in table for gate in row[0].split(", ")} == names
    defaults = {limit: value for gate in GATES for limit, value in gate().model_dump().items()}
    documented = dict(
        pair for row in table if row[1] != "none" for pair in zip(row[1].split(", "), row[2].split(", "), strict=True)
    )
    assert documented == {name: str(value) for name, value in defaults.items()}


def test_the_captions_page_lists_every_style_and_field() -> None:
    page = (PROJECT / "docs" / "captions.md").read_text()
    assert {name for name in style_names() if f"`{name}`" not in page} == set()
    fields = {name for row in rows("captions.md") for name in row[0].split(", ")}
    assert set(CaptionStyle.model_fields) - {"name"} == fields - {"field", "---"}


def test_the_camera_page_lists_every_layout() -> None:
    table = [row for row in rows("camera.md") if len(row) == 2]
    assert {row[0] for row in table} - {"layout", "---"} == {layout.value for layout in Layout}


@pytest.mark.episodes
@pytest.mark.usefixtures("short_windows")
def test_the_commands_in_the_readme_succeed(cut: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for suffix in (".mp4", ".srt"):
        (tmp_path / f"episode{suffix}").write_bytes(cut.with_suffix(suffix).read_bytes())
    commands_in_order = [arguments for line in README.read_text().splitlines() if (arguments := _block_command(line))]
    assert [arguments[0] for arguments in commands_in_order] == ["process", "process", "doctor", "styles", "models"]
    for arguments in commands_in_order:
        result = CliRunner(env={"DAGSTER_HOME": None}).invoke(COMMANDS["clipper"].load(), arguments)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "data/episode/clips/clip_0.mp4").is_file()
    assert (tmp_path / "styles.png").is_file()


def _block_command(line: str) -> list[str]:
    """The arguments of `clipper` if the line is a call of it in an indented block; else an empty list."""
    match = re.fullmatch(r" {4}\.venv/bin/clipper (.*)", line)
    return shlex.split(match[1], comments=True) if match else []
