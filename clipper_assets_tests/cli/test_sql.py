"""`clipper sql`: formats, errors, and the prompt."""

import csv
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from deltalake import write_deltalake

from clipper_assets.cli import main, sql_prompt
from clipper_assets.library.delta import folder
from clipper_assets.library.tables import EPISODES, TABLES
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.support.library import synthetic, write_library

CLIPPER = [sys.executable, "-c", "from clipper_assets.cli import main; main()"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("storage")
    write_library(DirectoryStorage(root=str(path)), synthetic(episodes=3, words=100))
    return path


@pytest.fixture(autouse=True)
def _settings(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", str(root))
    monkeypatch.setattr(sql_prompt, "HISTORY", tmp_path / "clipper" / "history")


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["sql", *arguments], input=typed)


def test_a_table_for_people() -> None:
    result = run('SELECT "show", sum(words) AS total, null AS nothing FROM episodes GROUP BY ALL ORDER BY ALL')
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.output.splitlines()][2:] == [
        [f"show0{number}", "│", "100", "│", "null"] for number in range(3)
    ]


def test_csv_and_json_for_programs() -> None:
    query = "SELECT title, degraded, published_at FROM episodes ORDER BY title LIMIT 2"
    lines = list(csv.DictReader(run("--format", "csv", query).stdout.splitlines()))
    rows = json.loads(run("--format", "json", query).stdout)
    assert [(row["title"], json.loads(row["degraded"]), row["published_at"]) for row in lines] == [
        tuple(row.values()) for row in rows
    ]
    assert rows[0] == {"title": "Episode 0", "degraded": ["no_model"], "published_at": "2024-01-01 00:00:00+00:00"}
    assert json.loads(run("--format", "json", "SELECT 1 WHERE false").stdout) == []


def test_json_has_every_column_and_no_number_that_it_cannot_have() -> None:
    result = run("--format", "json", "SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a, 'nan'::DOUBLE AS b, [1e0 / 0, 5] AS c")
    assert json.loads(result.stdout, parse_constant=pytest.fail) == [
        {"a": 1, "a_1": 2, "a_1_1": 3, "a_2": 4, "b": None, "c": [None, 5.0]}
    ]


def test_a_file_with_several_statements(tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text("CREATE TABLE mine AS SELECT 2 AS two;\nSELECT two FROM mine;")
    result = run("--format", "json", "--file", str(file))
    assert result.stdout.endswith('[{"two": 2}\n]\n')
    assert run("--format", "csv", "--file", "-", typed="SELECT 3 AS three").stdout == "three\n3\n"


def test_long_tables_say_that_there_is_more() -> None:
    assert "These are the first 200 rows." in run("SELECT * FROM range(201)").output
    assert "These are the first" not in run("SELECT * FROM range(200)").output


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["selec 1"], 1, 'clipper: Parser Error: syntax error at or near "selec"'),
        (["SELECT nothing FROM episodes"], 1, 'clipper: Binder Error: Referenced column "nothing" not found'),
        (["COPY episodes TO 'a.csv'"], 1, "file system operations are disabled"),
        (["SELECT 1", "--file", "-"], 2, "give a QUERY or --file, not both"),
    ],
)
def test_mistakes_in_one_sentence(arguments: list[str], code: int, sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_bytes("SELECT 'ä'".encode("latin-1"))
    result = run("--file", str(file))
    assert result.exit_code == 2
    assert f"{file} is not text in UTF-8; save it in this encoding" in result.stderr.replace("\n", "")


def test_without_a_library_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", str(tmp_path))
    result = run("SELECT 1")
    assert result.exit_code == 1
    assert "yet; it is written at the end of each run, so process an episode first" in " ".join(result.output.split())


def test_all_tables_and_columns_are_listed_without_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", str(tmp_path))
    words = run("--list").output.split()
    assert {column.name for spec in TABLES for column in spec.columns} | {spec.name for spec in TABLES} <= set(words)


def test_the_prompt_takes_lines_up_to_a_semicolon_and_goes_on_after_mistakes() -> None:
    typed = "SELECT ';' AS a,\n  7 AS b;\nselec;\n.what\n.tables\nSELECT 'Ä' AS last;\n.quit\nSELECT 'never';\n"
    result = run("--format", "csv", typed=typed)
    assert result.exit_code == 0, result.output
    assert "a,b\n;,7\n" in result.stdout
    assert "syntax error" in result.stderr
    assert "last\nÄ\n" in result.stdout
    assert "number of words" in result.stdout
    assert "never" not in result.stdout


def test_the_prompt_goes_on_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Iterator[str | BaseException] = iter(["SELECT 1,", KeyboardInterrupt(), "SELECT 2;", EOFError()])
    ran: list[str] = []

    def typed(_prompt: str) -> str:
        line = next(lines)
        if isinstance(line, str):
            return line
        raise line

    monkeypatch.setattr("builtins.input", typed)
    sql_prompt.ask(ran.append, lambda: None)
    assert ran == ["SELECT 2;"]
    assert sql_prompt.HISTORY.stat().st_mode & 0o777 == 0o600


def test_a_history_that_cannot_be_read_is_a_warning() -> None:
    sql_prompt.HISTORY.mkdir(parents=True)
    result = run("--format", "csv", typed="SELECT 2 AS two;\n")
    assert result.exit_code == 0, result.output
    assert "two\n2\n" in result.stdout
    assert "WARN: the history was not read: " in result.stderr


def test_control_characters_do_not_reach_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = DirectoryStorage(root=str(tmp_path / "evil"))
    Path(storage.root).mkdir()
    (tables,) = synthetic(episodes=1, words=10)
    row = {**tables["episodes"].to_pylist()[0], "title": "red \x1b[31m"}
    write_deltalake(storage.path(folder(EPISODES)), EPISODES.table([row]))
    monkeypatch.setenv("CLIPPER_STORAGE", storage.root)
    assert "red [31m" in run("SELECT title FROM episodes").output
    ours, theirs = pty.openpty()
    query = "SELECT COLUMNS('red.*') FROM (PIVOT episodes ON title USING first(title))"
    subprocess.run([*CLIPPER, "sql", "--format", "csv", query], stdout=theirs, check=True)
    assert os.read(ours, 4096).split() == [b"red", b"[31m", b"red", b"[31m"]


def test_a_closed_pipe_is_no_traceback() -> None:
    query = "SELECT * FROM words, range(1000)"
    with subprocess.Popen(
        [*CLIPPER, "sql", "--format", "csv", query], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
